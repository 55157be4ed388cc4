#include "exposition/page_reader.h"

#include <fmt/core.h>

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/printable.h"
#include "exposition/bytes.h"

namespace postern::exposition {
namespace {

constexpr std::size_t kQuoted = 80;  // bytes of the page that an error quotes

Error fault(Fault fault, std::string what) {
  return {.fault = fault, .what = std::move(what)};
}

std::string lineNumber(std::size_t line) {
  return "line " + std::to_string(line);
}

// Whether the found part of a line is valid in text but not in OpenMetrics: blank lines and
// comments, leading blanks, the type untyped.
bool isOfText(std::string_view line, std::string_view found) {
  if (line.starts_with("# TYPE ")) return found == "untyped";
  if (found.size() != line.size() || line.starts_with("# HELP ") || line.starts_with("# UNIT ")) {
    return false;
  }
  return line.empty() || line[0] == '#' || is(line[0], kBlank);
}

// Whether the found part of a line is valid in OpenMetrics but not in text: more types, exemplars,
// timestamps in seconds.
bool isOfOpenMetrics(std::string_view line, std::string_view found) {
  if (line.starts_with("# TYPE ")) {
    return found == "unknown" || found == "info" || found == "stateset" ||
           found == "gaugehistogram";
  }
  if (found.starts_with("# {")) return true;
  if (found.size() == line.size() || found.size() < 2 || found[0] != '.') return false;
  return isDigit(found[1]) && isDigit(line[line.size() - found.size() - 1]);
}

// `line` is the number of the line at `begin`. The text has `end - at` more bytes.
Error formatError(Syntax syntax, const StrictError& complaint, const char* begin, const char* end,
                  std::size_t line) {
  const char* start = begin;
  for (const char* p = begin; p != complaint.at; ++p) {
    if (*p != '\n') continue;
    start = p + 1;
    ++line;
  }
  const char* eol = std::find(complaint.at, end, '\n');
  const std::string_view found(complaint.at, static_cast<std::size_t>(eol - complaint.at));
  std::string what = fmt::format("{}, column {}: expected {}, found ", lineNumber(line),
                                 complaint.at - start + 1, complaint.expected);
  if (found.empty()) {
    what += "the end of the line";
  } else {
    what.append("\"").append(printable(found, kQuoted)).append("\"");
  }
  const std::string_view whole = between(start, eol);
  const std::string_view cure = ": correct the page, its Content-Type or `format`";
  if (syntax == Syntax::Text && isOfOpenMetrics(whole, found)) {
    what.append("; OpenMetrics has this, text does not").append(cure);
  } else if (syntax == Syntax::OpenMetrics && isOfText(whole, found)) {
    what.append("; text has this, OpenMetrics does not").append(cure);
  }
  if (complaint.at != end && *complaint.at == '<') what += "; the page looks like HTML";
  return fault(Fault::Format, std::move(what));
}

Error lineLimit(std::size_t line, std::size_t limit) {
  return fault(Fault::Limit, fmt::format("line_limit of {} bytes exceeded: {} is longer", limit,
                                         lineNumber(line)));
}

}  // namespace

PageReader::PageReader(Syntax syntax, const PageOptions& options, Sink& sink)
    : syntax_(syntax),
      line_limit_(options.limits.line),
      sink_(sink),
      filter_(syntax, options, sink) {}

void PageReader::use(TemplateRun& run) {
  template_ = &run;
  run.begin(filter_, syntax_);
}

Result<void> PageReader::feed(std::string_view block) {
  while (!partial_.empty() && !block.empty()) {
    auto taken = waits_ ? takeUpTemplate(block) : takeUp(block);
    if (!taken) return taken;
  }
  if (block.empty()) return {};
  TRY(auto used, readLines(block));
  partial_ = block.substr(used);
  return brokeOff();
}

Result<void> PageReader::finish() {
  if (!partial_.empty()) {
    const std::size_t size = partial_.size();
    if (partial_.back() != '\n') partial_ += '\n';
    TRY(auto used, readLines(partial_, /*last=*/true));
    if (used < partial_.size()) {
      if (size - used > line_limit_) return lineLimit(lines_ + 1, line_limit_);
      return fault(Fault::Format, lineNumber(lines_ + 1) +
                                      ": expected a closing quote, found the end of the page");
    }
    partial_.clear();
  }
  if (syntax_ == Syntax::OpenMetrics && !ended_) {
    return fault(Fault::Truncated,
                 fmt::format("the page ends without \"# EOF\", so it is incomplete: {} is its last",
                             lineNumber(lines_)));
  }
  if (template_ != nullptr) template_->finish();
  if (filter_.finish()) return {};
  const auto& problem = filter_.problem();
  const bool of_line = problem.fault == Fault::Format;
  return fault(problem.fault, (of_line ? lineNumber(lines_) + ": " : "") + problem.what);
}

// Completes and reads the line that an earlier block left incomplete.
Result<void> PageReader::takeUp(std::string_view& block) {
  // Open quotes may contain any number of line ends. Reading them again at each line end would take
  // quadratic time, so the text must double first.
  const std::size_t eol = retry_at_ == 0 ? block.find('\n') : std::string_view::npos;
  const std::size_t taken = eol == std::string_view::npos ? block.size() : eol + 1;
  partial_.append(block.substr(0, taken));
  block.remove_prefix(taken);
  if (retry_at_ != 0 && partial_.size() < retry_at_) return {};
  if (retry_at_ != 0 || eol != std::string_view::npos) {
    TRY(auto used, readLines(partial_));
    partial_.erase(0, used);
    return brokeOff();
  }
  return checkPartial();
}

// Completes what may be a block of the template. Bytes that the block does not need stay in
// `block`, so that they are not copied.
Result<void> PageReader::takeUpTemplate(std::string_view& block) {
  constexpr std::size_t kAtOnce = 16U << 10;  // bytes
  const std::size_t before = partial_.size();
  const std::size_t taken = std::min(block.size(), kAtOnce);
  partial_.append(block.substr(0, taken));
  if (partial_.size() < retry_at_) {
    block.remove_prefix(taken);
    return {};
  }
  waits_ = false;
  TRY(auto used, readLines(partial_));
  if (used >= before) {
    block.remove_prefix(used - before);
    partial_.clear();
    retry_at_ = 0;
    waits_ = false;
    return {};
  }
  block.remove_prefix(taken);
  partial_.erase(0, used);
  return brokeOff();
}

// The rest in partial_ is the start of a line, or waits for more of a block. If it contains a line
// end, quotes are open.
Result<void> PageReader::brokeOff() {
  if (waits_) {
    retry_at_ = partial_.size() + partial_.size() / 8;  // not again with each byte
    return {};
  }
  const bool open_quotes = partial_.find('\n') != std::string::npos;
  retry_at_ = open_quotes ? std::min(2 * partial_.size(), line_limit_ + 1) : 0;
  return checkPartial();
}

Result<void> PageReader::checkPartial() const {
  if (partial_.size() <= line_limit_) return {};
  return lineLimit(lines_ + 1, line_limit_);
}

Result<std::size_t> PageReader::readLines(std::string_view text, bool last) {
  if (syntax_ == Syntax::OpenMetrics) return readLines(text, openmetrics_, last);
  return readLines(text, text_, last);
}

// Fills in what the template knows. Returns false when the rest is not enough to decide.
bool PageReader::fillIn(const char*& line, const char* end, bool last) {
  waits_ = false;
  while (template_ != nullptr && line != end && !ended_) {
    const TemplateRun::Step step = template_->fill(line, end, last);
    if (step == TemplateRun::Step::Read) break;
    waits_ = step == TemplateRun::Step::Wait;
    if (waits_) return false;
    lines_ += template_->lineEnds();
  }
  return true;
}

// Reads the complete lines and returns their size in bytes. `last`: the text is the last of the
// page.
template <typename Parser>
Result<std::size_t> PageReader::readLines(std::string_view text, Parser& parser, bool last_text) {
  const std::size_t last = text.rfind('\n');
  if (last == std::string_view::npos) return std::size_t{0};
  const char* const end = text.data() + last + 1;
  const char* line = text.data();
  std::optional<bool> utf8;
  while (fillIn(line, end, last_text) && line != end) {
    if (!utf8) utf8 = simdjson::validate_utf8(line, static_cast<std::size_t>(end - line));
    const LineResult outcome = parser.next(line, end, *utf8);
    if (outcome == LineResult::Unfinished) break;
    // First, also for an invalid line, because the result must not depend on how the page was split
    // into blocks.
    if (static_cast<std::size_t>(parser.after() - 1 - line) > line_limit_) {
      return lineLimit(lines_ + 1, line_limit_);
    }
    if (outcome == LineResult::Bad) {
      return formatError(syntax_, parser.complaint(), line, parser.after(), lines_ + 1);
    }
    if (ended_)
      return formatError(syntax_, {line, "the end of the page after \"# EOF\""}, line,
                         parser.after(), lines_ + 1);
    ended_ = parser.line().kind == LineKind::Eof;
    const bool learns = template_ != nullptr && !ended_;
    const std::size_t kept = filter_.counts().kept;
    if (learns) template_->startLine();
    if (!filter_.take(parser.line())) return problem(line, parser.after());
    if (learns) {
      template_->endLine(parser.line(), filter_.counts().kept != kept, parser.lineEnds());
    }
    lines_ += parser.lineEnds();
    line = parser.after();
  }
  sink_.settle();
  return static_cast<std::size_t>(line - text.data());
}

// The filter's complaint about the line.
Error PageReader::problem(const char* line, const char* end) const {
  const auto& problem = filter_.problem();
  if (problem.at == nullptr) return fault(problem.fault, problem.what);
  Error error = formatError(syntax_, {problem.at, problem.what}, line, end, lines_ + 1);
  error.fault = problem.fault;
  return error;
}

}  // namespace postern::exposition
