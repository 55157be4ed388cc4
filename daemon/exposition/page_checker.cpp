#include "exposition/page_checker.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/metric_text.h"
#include "base/printable.h"
#include "exposition/family_names.h"
#include "exposition/limits.h"
#include "exposition/sample_text.h"
#include "relabel/label_set.h"

namespace postern::exposition {
namespace {

constexpr std::uint64_t kTimestamp = 0x8ebc6af09c88c6e3U;  // a seed
constexpr std::size_t kMostFamilies = 1U << 16;            // families that are counted across gaps
constexpr std::size_t kMostLabelsOfSample = 1000;          // of a sample; rules search linearly

// One name has several spellings in quotes, because a backslash without an escape is a literal one.
bool isSameName(const Label& one, const Label& other) {
  if (one.name == other.name) return true;
  const bool escaped = one.name.find('\\') != std::string_view::npos ||
                       other.name.find('\\') != std::string_view::npos;
  return escaped && unescapeName(one.name) == unescapeName(other.name);
}

// Beginning of a name that an earlier label has; null if all names differ.
const char* repeatedName(const std::vector<Label>& labels) {
  constexpr std::size_t kFew = 16;  // this many are compared faster than they are sorted
  if (labels.size() <= kFew) {
    for (std::size_t i = 1; i < labels.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (isSameName(labels[i], labels[j])) return labels[i].name.data();
      }
    }
    return nullptr;
  }
  std::vector<std::pair<std::string, const char*>> names;
  names.reserve(labels.size());
  for (const Label& label : labels) {
    names.emplace_back(unescapeName(label.name), label.name.data());
  }
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(
      names, {}, [](const auto& name) -> const std::string& { return name.first; });
  return twice == names.end() ? nullptr : std::next(twice)->second;
}

}  // namespace

PageChecker::PageChecker(Syntax syntax, const PageOptions& options, Sink& sink)
    : syntax_(syntax),
      options_(options),
      sink_(sink),
      copies_(sink.copies(syntax) &&
              (options.relabeler == nullptr || !options.relabeler->touchesFamilies())),
      labels_limited_(limitsLabels(options.limits)),
      inserted_hash_(options.relabeler == nullptr ? 0 : options.relabeler->insertedHash()) {
  if (options_.strict) strict_.emplace(syntax);
  if (options_.relabeler != nullptr) options_.relabeler->startPage();
}

bool PageChecker::fail(Fault fault, const char* at, std::string_view what) {
  problem_ = {fault, at, std::string(what)};
  return false;
}

bool PageChecker::take(const Line& line) {
  if (strict_) {
    if (const auto complaint = strict_->take(line)) {
      return fail(strict_->exhausted() ? Fault::Limit : Fault::Format, complaint->at,
                  complaint->expected);
    }
  }
  switch (line.kind) {
    case LineKind::Sample: return takeSample(line);
    case LineKind::Help:
    case LineKind::Type:
    case LineKind::Unit: takeMeta(line); break;
    case LineKind::Eof: return true;
    case LineKind::Blank:
    case LineKind::Comment: break;
  }
  if (copies_) sink_.line(line);
  return true;
}

bool PageChecker::finish() {
  if (strict_) {
    if (const auto complaint = strict_->finish()) {
      return fail(Fault::Format, nullptr,
                  std::string("expected ")
                      .append(complaint->expected)
                      .append(", found the end of the page"));
    }
  }
  endFamily();
  search_.finish();
  if (counts_.read == 0) return fail(Fault::Empty, nullptr, "the page contains no samples");
  return true;
}

void PageChecker::takeMeta(const Line& line) {
  if (!isFamilys(line)) startFamily(line.name, line.quoted);
  named_alike_ = true;
  entered_ = false;  // it may change which samples belong to this family
  // Not needed for a page that is copied.
  if (copies_ && line.kind != LineKind::Type) return;
  std::string& field = line.kind == LineKind::Help   ? family_.help
                       : line.kind == LineKind::Type ? family_.type
                                                     : family_.unit;
  if (!field.empty()) return;
  if (line.kind == LineKind::Help && syntax_ == Syntax::OpenMetrics) {
    field = unquoteHelp(line.text);
  } else {
    field = line.text == "untyped" && line.kind == LineKind::Type ? "unknown" : line.text;
  }
  head_pending_ = true;
  sent_name_.clear();
}

// Whether the line's name belongs to the family. Most lines have a flag for it.
bool PageChecker::isFamilys(const Line& line) const {
  if (line.same_name && named_alike_) return true;
  return line.name == family_.name && line.quoted == family_.quoted;
}

inline bool PageChecker::takeSample(const Line& line) {
  ++counts_.read;
  if (!line.same_labels && !learnLabels(line)) return false;
  if (!entered_ || !line.same_metric) enterFamily(line);
  ++family_.read;
  Sample sample{line,
                line.name,
                line.quoted,
                line.labels,
                {},
                {},
                /*rewritten=*/false,
                quoted_labels_,
                options_.honor_timestamps};
  if (options_.relabeler != nullptr) {
    const std::size_t kept_before = counts_.unmatched + counts_.relabelled;
    if (!relabel(sample)) return false;
    if (counts_.unmatched + counts_.relabelled != kept_before) return true;
  }
  if (options_.limits.family_series != 0 && family_.kept >= options_.limits.family_series) {
    ++counts_.excess;
    return true;
  }
  ++family_.kept;
  ++counts_.kept;
  if (!withinLimits(sample)) return false;
  if ((search_.isOpen() || series_log_ != nullptr) && !searchDuplicate(sample)) return false;
  if (!copies_ && sample.name != sent_name_) sendHead(sample);
  const auto complaint = sink_.sample(sample, syntax_);
  return complaint.empty() || fail(Fault::Format, line.timestamp.data(), complaint);
}

// Facts about all samples with the same labels. Prometheus refuses a repeated label when it appends
// the sample. There the metric's name is the label __name__.
bool PageChecker::learnLabels(const Line& line) {
  if (line.labels.size() > kMostLabelsOfSample) {
    return fail(Fault::Limit, nullptr,
                "a sample of metric " + printable(line.name) + " has " +
                    std::to_string(line.labels.size()) + " labels, at most " +
                    std::to_string(kMostLabelsOfSample) + " are read");
  }
  quoted_labels_ = false;
  label_hashes_.clear();
  for (const Label& label : line.labels) {
    if (label.quoted) quoted_labels_ = true;
    label_hashes_.push_back(hashLabelName(label.name));
    if (label.name == relabel::LabelSet::kMetricName) {
      return fail(Fault::Format, label.name.data(),
                  "a label other than __name__, which is the metric's own name");
    }
  }
  const char* const twice = repeatedName(line.labels);
  return twice == nullptr || fail(Fault::Format, twice, "a unique label");
}

void PageChecker::enterFamily(const Line& line) {
  named_alike_ = isFamilys(line);
  const bool belonging = named_alike_ || belongs(syntax_, family_.name, family_.type, line.name);
  if (!belonging || family_.name.empty()) {
    startFamily(line.name, line.quoted);
    named_alike_ = true;
  }
  entered_ = true;
  name_hash_ = hashText(line.name, 0);
}

void PageChecker::startFamily(std::string_view name, bool quoted) {
  endFamily();
  std::size_t kept = 0;
  if (options_.limits.family_series != 0) {
    if (kept_.size() < kMostFamilies) kept_[hashText(family_.name, 0)] = family_.kept;
    if (const auto found = kept_.find(hashText(name, 0)); found != kept_.end())
      kept = found->second;
  }
  family_.name = name;
  family_.quoted = quoted;
  family_.type.clear();
  family_.help.clear();
  family_.unit.clear();
  family_.read = 0;
  family_.kept = kept;
  sent_name_.clear();
}

// A family without samples on the page is passed on unchanged, and so is a late HELP.
void PageChecker::endFamily() {
  if (!copies_ && head_pending_ && (family_.read == 0 || family_.kept > 0)) {
    sendHead(family_.name, family_.quoted, family_.type);
  }
  head_pending_ = false;
}

// Returns false when the page is refused. A dropped sample increments its counter.
bool PageChecker::relabel(Sample& sample) {
  relabel::Relabeler& relabeler = *options_.relabeler;
  switch (relabeler.apply(sample.line)) {
    case relabel::Relabeler::Effect::Unchanged: break;
    case relabel::Relabeler::Effect::Inserted: sample.inserted = relabeler.inserted(); break;
    case relabel::Relabeler::Effect::Rewritten:
      sample.name = relabeler.name();
      sample.quoted = relabeler.quoted();
      sample.text = relabeler.labelsText();
      sample.quoted_labels = relabeler.quotedLabels();
      labels_hash_ = relabeler.labelsHash();
      sample.labels = {};
      if (labels_limited_ || sample.quoted || sample.quoted_labels || sample.text.empty()) {
        sample.labels = relabeler.labels();
      }
      sample.rewritten = true;
      break;
    case relabel::Relabeler::Effect::Unmatched: ++counts_.unmatched; break;
    case relabel::Relabeler::Effect::Dropped: ++counts_.relabelled; break;
    case relabel::Relabeler::Effect::Refused:
      return fail(Fault::Format, sample.line.raw.data(), relabeler.expected());
  }
  return true;
}

inline bool PageChecker::withinLimits(const Sample& sample) {
  const auto& limits = options_.limits;
  if (limits.samples != 0 && counts_.kept > limits.samples) {
    return fail(Fault::Limit, nullptr, checkSampleLimit(limits, counts_.kept).error().what);
  }
  if (!labels_limited_) return true;
  const bool inserts = options_.relabeler != nullptr && !sample.inserted.empty();
  const std::size_t inserted = inserts ? options_.relabeler->insertedLabels() : 0;
  const auto within = checkLabelLimits(limits, sample.name, sample.labels, inserted);
  return within || fail(Fault::Limit, nullptr, within.error().what);
}

// The order of labels does not affect the identity of a series, and an empty label does not count.
inline SeriesHash PageChecker::hashSeries(const Sample& sample) const {
  std::uint64_t came = name_hash_;
  for (std::size_t i = 0; i < sample.line.labels.size(); ++i) {
    const std::string_view value = sample.line.labels[i].value;
    if (!value.empty()) came += hashText(value, label_hashes_[i]);
  }
  SeriesHash series{came, came + inserted_hash_};
  if (sample.rewritten) {
    const bool renamed = sample.name.data() != sample.line.name.data();
    series.out = (renamed ? hashText(sample.name, 0) : name_hash_) + labels_hash_;
  } else if (!sample.inserted.empty()) {
    series.out = series.in;
  }
  if (!sample.keeps_timestamp || sample.line.timestamp.empty()) return series;
  const std::uint64_t timestamp = hashText(sample.line.timestamp, kTimestamp);
  return {series.out + timestamp, series.in + timestamp};
}

// Strict reports a duplicate immediately, but allows two samples with one timestamp, because it may
// have been truncated (OpenMetrics 1.0.0).
inline bool PageChecker::searchDuplicate(const Sample& sample) {
  const SeriesHash series = hashSeries(sample);
  if (series_log_ != nullptr) series_log_->add(series);
  if (options_.strict) {
    return !sample.line.timestamp.empty() || refuseDuplicate(series, sample.line.raw.data());
  }
  search_.addLater(series);
  return true;
}

bool PageChecker::refuseDuplicate(const SeriesHash& series, const char* at) {
  using enum DuplicateSearch::Found;
  switch (search_.add(series)) {
    case Fresh: return true;
    case Full:
      return fail(
          Fault::Limit, nullptr,
          "the page has too many series for the search for duplicates that strict requires");
    case Duplicate: return fail(Fault::Format, at, "a unique series on the page");
    case RelabelDuplicate: break;
  }
  return fail(Fault::Format, at,
              "a unique series on the page after labels, metric_relabel_configs and rename");
}

std::shared_ptr<const PageChecker::Context> PageChecker::context() const {
  if (copies_) return nullptr;
  auto context = std::make_shared<Context>(Context{family_, sent_name_, head_pending_});
  for (std::size_t* count : {&context->family.read, &context->family.kept}) {
    *count = std::min<std::size_t>(*count, 1);
  }
  return context;
}

bool PageChecker::isAt(const std::shared_ptr<const Context>& context) const {
  return copies_ || *this->context() == *context;
}

void PageChecker::jump(const std::shared_ptr<const Context>& context, const PageCounts& lines) {
  if (context) {
    family_ = context->family;
    sent_name_ = context->sent_name;
    head_pending_ = context->head_pending;
  }
  entered_ = false;
  counts_ += lines;
}

void PageChecker::setDuplicates(const PageCounts& found) {
  counts_.duplicates = found.duplicates;
  counts_.relabel_duplicates = found.relabel_duplicates;
  counts_.checks_skipped = found.checks_skipped;
}

// A sample's name determines its family's name. If a rule has removed the suffix that linked a
// sample to its family, the new name is a family of its own.
void PageChecker::sendHead(const Sample& sample) {
  sent_name_ = sample.name;
  head_pending_ = false;
  if (sample.name == sample.line.name) return sendHead(family_.name, family_.quoted, family_.type);
  const std::string_view suffix = sample.line.name.substr(family_.name.size());
  if (sample.name.size() <= suffix.size() || !sample.name.ends_with(suffix)) {
    return sink_.family({sample.name, sample.quoted, "", family_.help, ""});
  }
  const auto name = sample.name.substr(0, sample.name.size() - suffix.size());
  sendHead(name, sample.quoted, family_.type);
}

void PageChecker::sendHead(std::string_view name, bool quoted, std::string_view type) {
  if (syntax_ == Syntax::Text || hiddenSuffix(type).empty()) {
    return sink_.family({name, quoted, type, family_.help, family_.unit});
  }
  const std::string whole = std::string(name).append(hiddenSuffix(type));
  sink_.family({whole, quoted, type, family_.help, family_.unit});
}

}  // namespace postern::exposition
