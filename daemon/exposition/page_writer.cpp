#include "exposition/page_writer.h"

#include <algorithm>

#include "exposition/family_names.h"
#include "exposition/sample_text.h"

namespace postern::exposition {
namespace {

constexpr std::size_t kMostNames = 512U << 10;  // bytes of hashes
constexpr std::uint64_t kWhole = 1;             // a seed: for names that OpenMetrics shortens

}  // namespace

PageWriter::PageWriter(const Output& output) : output_(output), written_(kMostNames) {}

void PageWriter::line(const Line& line) {
  if (line.quoted && output_.escaping != Escaping::AllowUtf8) {
    settle();
    const std::string_view keyword = line.kind == LineKind::Help   ? "HELP"
                                     : line.kind == LineKind::Type ? "TYPE"
                                                                   : "UNIT";
    meta(keyword, line.name, line.quoted, line.text);
    return;
  }
  copy(line.raw.data(), line.raw.data() + line.raw.size());
}

void PageWriter::family(const FamilyHead& head) {
  settle();
  std::string_view name = head.name;
  std::string_view type = head.type;
  std::string help;
  if (output_.syntax == Syntax::OpenMetrics) {
    const auto named = openMetricsName(head.name, head.type);
    name = named.name;
    type = named.type;
    help = quoteHelp(head.help);
  } else {
    type = textType(type);
    help = head.help;
  }
  if (type.empty() && help.empty() && head.unit.empty()) return;
  const bool shortened = name.size() != head.name.size();
  if (shortened && isWritten(hashText(head.name, kWhole))) return;
  if (isWritten(hashText(name, 0))) {
    if (!shortened) return;
    // Go's client has a gauge go_memstats_alloc_bytes and a counter of that name with _total.
    name = head.name;
    type = "unknown";
  }
  if (!help.empty()) meta("HELP", name, head.quoted, help);
  if (!type.empty()) meta("TYPE", name, head.quoted, type);
  if (!head.unit.empty() && output_.syntax == Syntax::OpenMetrics) {
    meta("UNIT", name, head.quoted, head.unit);
  }
}

// Also remembers the name, because it is written next.
bool PageWriter::isWritten(std::uint64_t name) {
  const HashSet::Added added = written_.add(name);
  if (name_log_ == nullptr) return added == HashSet::Added::Known;
  name_log_->full = name_log_->full || added == HashSet::Added::Full;
  if (added != HashSet::Added::Known) {
    name_log_->fresh.push_back(name);
  } else if (std::ranges::find(name_log_->fresh, name) == name_log_->fresh.end()) {
    name_log_->known.push_back(name);
  }
  return added == HashSet::Added::Known;
}

bool PageWriter::canRepeat(const NameLog& log) const {
  const auto written = [this](std::uint64_t name) { return written_.contains(name); };
  return std::ranges::none_of(log.fresh, written) && std::ranges::all_of(log.known, written) &&
         written_.hasRoom(log.fresh.size());
}

void PageWriter::repeat(const NameLog& log) {
  for (const std::uint64_t name : log.fresh) written_.add(name);
}

std::string_view PageWriter::sample(const Sample& sample, Syntax syntax) {
  if (copiesWhole(sample, syntax)) {
    const Line& line = sample.line;
    if (sample.inserted.empty()) {
      copy(line.raw.data(), line.raw.data() + line.raw.size());
      return {};
    }
    if (insert(sample)) return {};
  }
  settle();
  return appendSample(out_, sample, syntax, output_);
}

bool PageWriter::copiesWhole(const Sample& sample, Syntax syntax) const {
  const Line& line = sample.line;
  if (sample.rewritten) return false;
  if ((sample.quoted || sample.quoted_labels) && output_.escaping != Escaping::AllowUtf8) {
    return false;
  }
  if (!line.timestamp.empty() && (!sample.keeps_timestamp || syntax != output_.syntax)) {
    return false;
  }
  if (syntax == output_.syntax) return true;
  if (!line.exemplar.empty() || line.escapes) return false;
  return syntax == Syntax::OpenMetrics || isCanonical(line);
}

// Inserts the labels after the opening brace if it is where it should be.
bool PageWriter::insert(const Sample& sample) {
  const Line& line = sample.line;
  if (sample.quoted) return false;
  const char* at = line.name.data() + line.name.size();
  const char* const end = line.raw.data() + line.raw.size();
  if (*at == '{') {
    copy(line.raw.data(), ++at);
    settle();
    const std::size_t comma = line.labels.empty() ? 1 : 0;
    out_.append(sample.inserted.data(), sample.inserted.size() - comma);
  } else if (line.labels.empty() && line.value.data() > at && *at == ' ') {
    copy(line.raw.data(), at);
    settle();
    out_ += '{';
    out_.append(sample.inserted, 0, sample.inserted.size() - 1);
    out_ += '}';
  } else {
    return false;
  }
  copy(at, end);
  return true;
}

void PageWriter::copy(const char* begin, const char* end) {
  if (begin != run_end_) {
    settle();
    run_ = begin;
  }
  run_end_ = end;
}

void PageWriter::settle() {
  out_.append(run_, run_end_);
  run_ = nullptr;
  run_end_ = nullptr;
}

void PageWriter::finish() {
  settle();
  if (output_.syntax == Syntax::OpenMetrics) out_ += "# EOF\n";
}

void PageWriter::meta(std::string_view keyword, std::string_view name, bool quoted,
                      std::string_view text) {
  out_.append("# ").append(keyword).append(" ");
  appendName(out_, name, quoted, output_);
  out_.append(" ").append(text).append("\n");
}

}  // namespace postern::exposition
