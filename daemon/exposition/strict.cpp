#include "exposition/strict.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/hash.h"
#include "exposition/family_names.h"
#include "exposition/openmetrics_line.h"
#include "exposition/strict_histogram.h"

namespace postern::exposition {
namespace {

constexpr std::size_t kBudget = 512U << 10;  // bytes of each of the two sets
constexpr std::size_t kMostExemplar = 128;   // characters of an exemplar's labels

double numberOf(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = std::numeric_limits<double>::quiet_NaN();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool isWhole(double number) {
  return std::floor(number) == number && std::isfinite(number);
}

// The only number for which OpenMetrics prescribes the spelling.
bool isCanonicalBound(std::string_view text, double number) {
  return !std::isinf(number) || number < 0 || text == "+Inf";
}

std::size_t characters(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

const Label* findLabel(const Line& line, std::string_view name) {
  for (const Label& label : line.labels) {
    if (label.name == name) return &label;
  }
  return nullptr;
}

// The names that a family of this type reserves.
std::vector<std::string_view> suffixesOf(Syntax syntax, std::string_view type) {
  const bool text = syntax == Syntax::Text;
  if (type == "counter" && !text) return {"", "_total", "_created"};
  if (type == "summary") {
    if (text) return {"", "_count", "_sum"};
    return {"", "_count", "_sum", "_created"};
  }
  if (type == "histogram") {
    if (text) return {"", "_count", "_sum", "_bucket"};
    return {"", "_count", "_sum", "_bucket", "_created"};
  }
  if (type == "gaugehistogram") return {"", "_gcount", "_gsum", "_bucket"};
  if (type == "info") return {"", "_info"};
  return {""};
}

// Whether samples of this type have the family's own name.
bool hasBareSamples(Syntax syntax, std::string_view type) {
  if (syntax == Syntax::Text) return type != "histogram";
  return type != "counter" && type != "histogram" && type != "gaugehistogram" && type != "info";
}

}  // namespace

struct StrictChecker::State {
  explicit State(Syntax of) : syntax(of), names(kBudget), metrics(kBudget) {}

  bool fail(const char* at, std::string_view expected);
  bool takeMeta(const Line& line);
  bool takeSample(const Line& line);
  bool startFamily(const Line& line);
  bool endFamily(const char* at);
  bool reserveNames(const char* at);
  bool isOurs(std::string_view sample) const;
  bool judgeLabels(const Line& line);
  bool judgeValue(const Line& line);
  bool judgeExemplar(const Line& line);
  bool enterMetric(const Line& line);
  std::uint64_t metricOf(const Line& line) const;
  bool judgeHistogram(const Line& line);
  bool endHistogram(const char* at);
  std::string_view suffixOf(const Line& line) const { return line.name.substr(name.size()); }
  bool isHistogram() const { return type == "histogram" || type == "gaugehistogram"; }

  const Syntax syntax;
  HashSet names;    // names that families have and reserve
  HashSet metrics;  // label sets of the family without le, quantile and similar labels
  bool exhausted = false;
  std::optional<StrictError> complaint;

  // State of the family
  bool in_family = false;
  std::string name;
  std::string type;
  bool has_help = false;
  bool has_type = false;
  std::string unit;
  bool has_unit = false;
  bool has_samples = false;
  // State of the metric: one label set of the family
  std::optional<std::uint64_t> metric;
  std::string timestamp;
  StrictHistogram histogram;
};

bool StrictChecker::State::fail(const char* at, std::string_view expected) {
  complaint = StrictError{at, expected};
  return false;
}

// HELP, TYPE and UNIT: each once, and before the samples.
bool StrictChecker::State::takeMeta(const Line& line) {
  if (!in_family || line.name != name) {
    if (!startFamily(line)) return false;
  } else if (has_samples) {
    return fail(line.raw.data(), "HELP, TYPE and UNIT of a family before its samples");
  }
  bool& seen = line.kind == LineKind::Help   ? has_help
               : line.kind == LineKind::Type ? has_type
                                             : has_unit;
  if (seen) return fail(line.raw.data(), "HELP, TYPE and UNIT of a family once");
  seen = true;
  if (line.kind == LineKind::Type) type = line.text;
  if (line.kind == LineKind::Unit) unit = line.text;
  return true;
}

bool StrictChecker::State::startFamily(const Line& line) {
  if (!endFamily(line.raw.data())) return false;
  in_family = true;
  name = line.name;
  type.clear();
  unit.clear();
  has_help = has_type = has_unit = has_samples = false;
  metric.reset();
  timestamp.clear();
  metrics.clear();
  return true;
}

bool StrictChecker::State::endFamily(const char* at) {
  if (!in_family) return true;
  if (!has_samples && !reserveNames(at)) return false;
  return endHistogram(at);
}

// No other family may have a name that this one has or may use for its samples.
bool StrictChecker::State::reserveNames(const char* at) {
  if (!unit.empty() && (type == "info" || type == "stateset")) {
    return fail(at, "no UNIT for an info or a stateset");
  }
  for (const auto suffix : suffixesOf(syntax, type)) {
    switch (names.add(hashText(std::string(name).append(suffix), 0))) {
      case HashSet::Added::Fresh: break;
      case HashSet::Added::Known: return fail(at, "a family in one piece with a unique name");
      case HashSet::Added::Full:
        exhausted = true;
        return fail(at, "a page of fewer families, because strict remembers all of them");
    }
  }
  return true;
}

bool StrictChecker::State::isOurs(std::string_view sample) const {
  if (!in_family || !sample.starts_with(name)) return false;
  const auto suffix = sample.substr(name.size());
  if (suffix.empty()) return hasBareSamples(syntax, type);
  for (const auto ours : suffixesOf(syntax, type)) {
    if (!ours.empty() && ours == suffix) return true;
  }
  return false;
}

bool StrictChecker::State::takeSample(const Line& line) {
  if (!isOurs(line.name)) {
    if (!startFamily(line)) return false;
    // Without a TYPE line, samples have the family's own name.
    if (syntax == Syntax::OpenMetrics) type = "unknown";
  }
  if (!has_samples && !reserveNames(line.raw.data())) return false;
  has_samples = true;
  return judgeLabels(line) && enterMetric(line) && judgeValue(line) && judgeExemplar(line) &&
         judgeHistogram(line);
}

bool StrictChecker::State::judgeLabels(const Line& line) {
  if (syntax == Syntax::OpenMetrics && !line.labels.empty()) {
    const char* const comma = line.labels.back().value.data() + line.labels.back().value.size() + 1;
    if (*comma == ',') return fail(comma, "no comma after the last label");
  }
  if (type == "stateset" && findLabel(line, name) == nullptr) {
    return fail(line.raw.data(), "a label of the stateset's name");
  }
  if (isHistogram() && suffixOf(line) == "_bucket") {
    const Label* le = findLabel(line, "le");
    if (le == nullptr) return fail(line.raw.data(), "a label le at a bucket");
    const double bound = numberOf(le->value);
    if (std::isnan(bound) || !isCanonicalBound(le->value, bound)) {
      return fail(le->value.data(), "a number, or +Inf, as the bound of a bucket");
    }
  }
  if (type == "summary" && suffixOf(line).empty()) {
    const Label* quantile = findLabel(line, "quantile");
    if (quantile == nullptr) return fail(line.raw.data(), "a label quantile");
    const double number = numberOf(quantile->value);
    if (!(number >= 0 && number <= 1)) {
      return fail(quantile->value.data(), "a quantile from 0 to 1");
    }
  }
  return true;
}

bool StrictChecker::State::judgeValue(const Line& line) {
  const char* const at = line.value.data();
  const double value = numberOf(line.value);
  const std::string_view suffix = suffixOf(line);
  if (type == "stateset" && value != 0 && value != 1) return fail(at, "0 or 1 in a stateset");
  if (type == "info" && value != 1) return fail(at, "1 in an info");
  if (type == "summary" && suffix.empty() && value < 0)
    return fail(at, "a quantile that is not negative");
  const bool counts = suffix == "_bucket" || suffix == "_count" || suffix == "_gcount";
  const bool of_family = isHistogram() || type == "summary";
  if (of_family && counts && !isWhole(value)) return fail(at, "a whole number");
  const bool counter = type == "counter" && suffix != "_created";
  const bool sum = suffix == "_sum" || suffix == "_gsum";
  if (!counter && !(of_family && (counts || sum))) return true;
  if (std::isnan(value)) return fail(at, "a count, not NaN");
  if (value < 0 && suffix != "_gsum") return fail(at, "a number that is not negative");
  return true;
}

// The labels of a metric are adjacent, and its timestamps do not decrease.
bool StrictChecker::State::enterMetric(const Line& line) {
  const std::uint64_t now = metricOf(line);
  if (metric && *metric == now) {
    if (line.timestamp.empty() != timestamp.empty()) {
      return fail(line.raw.data(), "a timestamp at all samples of a metric, or at none");
    }
    if (line.timestamp != timestamp) {
      if (type != "info" && numberOf(line.timestamp) < numberOf(timestamp)) {
        return fail(line.timestamp.data(), "timestamps that do not decrease");
      }
      if (!endHistogram(line.raw.data())) return false;
      timestamp = line.timestamp;
    }
    return true;
  }
  if (!endHistogram(line.raw.data())) return false;
  metric = now;
  timestamp = line.timestamp;
  switch (metrics.add(now)) {
    case HashSet::Added::Fresh: return true;
    case HashSet::Added::Known: return fail(line.raw.data(), "the samples of a metric together");
    case HashSet::Added::Full: break;
  }
  exhausted = true;
  return fail(line.raw.data(), "a family of fewer metrics, because strict remembers all of them");
}

std::uint64_t StrictChecker::State::metricOf(const Line& line) const {
  if (type == "info") return 1;
  const std::string_view suffix = suffixOf(line);
  const std::string_view left_out = isHistogram() && suffix == "_bucket"  ? "le"
                                    : type == "summary" && suffix.empty() ? "quantile"
                                    : type == "stateset"                  ? std::string_view(name)
                                                                          : "";
  // A gauge without a type may have any label.
  std::uint64_t hash = 1;
  for (const Label& label : line.labels) {
    if (label.name != left_out) hash += hashText(label.value, hashText(label.name, 1));
  }
  return hash;
}

bool StrictChecker::State::judgeHistogram(const Line& line) {
  if (!isHistogram()) return true;
  const std::string_view suffix = suffixOf(line);
  const double value = numberOf(line.value);
  if (suffix == "_bucket") {
    const auto expected = histogram.bucket(numberOf(findLabel(line, "le")->value), value);
    return expected.empty() || fail(line.raw.data(), expected);
  }
  if (suffix == "_count" || suffix == "_gcount") histogram.count(value);
  if (suffix == "_sum") histogram.sum();
  if (suffix == "_gsum") histogram.gaugeSum(value);
  return true;
}

bool StrictChecker::State::endHistogram(const char* at) {
  if (!histogram.begun()) return true;
  const auto expected = histogram.finish();
  histogram = StrictHistogram();
  return expected.empty() || fail(at, expected);
}

bool StrictChecker::State::judgeExemplar(const Line& line) {
  if (line.exemplar.empty()) return true;
  const std::string_view suffix = suffixOf(line);
  const bool allowed =
      (isHistogram() && suffix == "_bucket") || (type == "counter" && suffix == "_total");
  if (!allowed)
    return fail(line.exemplar.data(), "an exemplar only at a bucket or a counter's total");
  // Its labels are read like those of a sample.
  const std::string sample = "m" + std::string(line.exemplar) + "\n";
  OpenMetricsLineParser parser;
  parser.next(sample.data(), sample.data() + sample.size(), /*utf8_known=*/true);
  std::size_t length = 0;
  for (const Label& label : parser.line().labels)
    length += characters(label.name) + characters(label.value);
  return length <= kMostExemplar ||
         fail(line.exemplar.data(), "an exemplar whose labels have at most 128 characters");
}

StrictChecker::StrictChecker(Syntax syntax) : state_(std::make_unique<State>(syntax)) {}

StrictChecker::StrictChecker(StrictChecker&&) noexcept = default;

StrictChecker::~StrictChecker() = default;

std::optional<StrictError> StrictChecker::take(const Line& line) {
  State& state = *state_;
  state.complaint.reset();
  switch (line.kind) {
    case LineKind::Help:
    case LineKind::Type:
    case LineKind::Unit: state.takeMeta(line); break;
    case LineKind::Sample: state.takeSample(line); break;
    case LineKind::Eof:
    case LineKind::Blank:
    case LineKind::Comment: break;
  }
  return state.complaint;
}

std::optional<StrictError> StrictChecker::finish() {
  state_->complaint.reset();
  state_->endFamily(nullptr);
  return state_->complaint;
}

bool StrictChecker::exhausted() const {
  return state_->exhausted;
}

}  // namespace postern::exposition
