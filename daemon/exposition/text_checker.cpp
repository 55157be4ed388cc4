#include "exposition/text_checker.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "base/printable.h"
#include "exposition/limits.h"

namespace postern::exposition {
namespace {

constexpr std::size_t kQuoted = 80;  // bytes of the page in an error

Error fault(Fault fault, std::string what) {
  return {.fault = fault, .what = std::move(what), .next = {}, .retry_after = {}};
}

std::string lineNumber(std::size_t line) {
  return "line " + std::to_string(line);
}

// `line` is the number of the line at `begin`; the text goes on for `end - at` bytes.
Error formatError(const Complaint& complaint, const char* begin, const char* end,
                  std::size_t line) {
  const char* start = begin;
  for (const char* p = begin; p != complaint.at; ++p) {
    if (*p != '\n') continue;
    start = p + 1;
    ++line;
  }
  const char* eol = std::find(complaint.at, end, '\n');
  const std::string_view found(complaint.at, static_cast<std::size_t>(eol - complaint.at));
  std::string what = lineNumber(line) + ", column " + std::to_string(complaint.at - start + 1) +
                     ": expected " + std::string(complaint.expected) + ", found ";
  if (found.empty()) {
    what += "the end of the line";
  } else {
    what.append("\"").append(printable(found, kQuoted)).append("\"");
  }
  if (complaint.at != end && *complaint.at == '<') what += "; the page looks like HTML";
  return fault(Fault::Format, std::move(what));
}

Error lineLimit(std::size_t line, std::size_t limit) {
  return fault(Fault::Limit, "line_limit of " + std::to_string(limit) +
                                 " bytes exceeded: " + lineNumber(line) + " is longer");
}

}  // namespace

TextChecker::TextChecker(const Limits& limits, bool honor_timestamps)
    : limits_(limits),
      samples_limited_(limitsSamples(limits)),
      honor_timestamps_(honor_timestamps) {}

Result<void> TextChecker::feed(std::string_view block, std::string& out) {
  while (!partial_.empty() && !block.empty()) {
    auto taken = takeUp(block, out);
    if (!taken) return taken;
  }
  if (block.empty()) return {};
  auto used = checkLines(block, out);
  if (!used) return std::move(used).error();
  partial_ = block.substr(*used);
  return brokeOff();
}

Result<void> TextChecker::finish(std::string& out) {
  if (!partial_.empty()) {
    if (partial_.back() != '\n') partial_ += '\n';
    auto used = checkLines(partial_, out);
    if (!used) return std::move(used).error();
    if (*used < partial_.size()) {
      return fault(Fault::Format, lineNumber(lines_ + 1) +
                                      ": expected a closing quote, found the end of the page");
    }
    partial_.clear();
  }
  if (samples_ == 0) return fault(Fault::Empty, "the page holds no sample");
  return {};
}

// Completes the line that an earlier block broke off, and checks it.
Result<void> TextChecker::takeUp(std::string_view& block, std::string& out) {
  // Open quotes may hold any number of line ends. To read them again at each would take quadratic
  // time, so the text has to double before they are.
  const std::size_t eol = retry_at_ == 0 ? block.find('\n') : std::string_view::npos;
  const std::size_t taken = eol == std::string_view::npos ? block.size() : eol + 1;
  partial_.append(block.substr(0, taken));
  block.remove_prefix(taken);
  if (retry_at_ != 0 && partial_.size() < retry_at_) return {};
  if (retry_at_ != 0 || eol != std::string_view::npos) {
    auto used = checkLines(partial_, out);
    if (!used) return std::move(used).error();
    partial_.erase(0, *used);
    return brokeOff();
  }
  return checkPartial();
}

// What is left in partial_ is the start of a line; with a line end in it, quotes are open.
Result<void> TextChecker::brokeOff() {
  const bool open_quotes = partial_.find('\n') != std::string::npos;
  retry_at_ = open_quotes ? std::min(2 * partial_.size(), limits_.line + 1) : 0;
  return checkPartial();
}

Result<void> TextChecker::checkPartial() const {
  if (partial_.size() <= limits_.line) return {};
  return lineLimit(lines_ + 1, limits_.line);
}

// Checks the lines that are whole and appends them; tells how many bytes they are.
Result<std::size_t> TextChecker::checkLines(std::string_view text, std::string& out) {
  const std::size_t last = text.rfind('\n');
  if (last == std::string_view::npos) return std::size_t{0};
  const char* const end = text.data() + last + 1;
  const bool utf8 = simdjson::validate_utf8(text.data(), last + 1);
  const char* copied = text.data();
  const char* line = text.data();
  while (line != end) {
    const Outcome outcome = parser_.next(line, end, utf8);
    if (outcome == Outcome::Unfinished) break;
    // First, also for a bad line: how the page was cut into blocks must not matter.
    if (static_cast<std::size_t>(parser_.after() - 1 - line) > limits_.line) {
      return lineLimit(lines_ + 1, limits_.line);
    }
    if (outcome == Outcome::Bad) {
      return formatError(parser_.complaint(), line, parser_.after(), lines_ + 1);
    }
    if (parser_.line().kind == LineKind::Sample) {
      ++samples_;
      if (samples_limited_) {
        auto within = checkSample();
        if (!within) return std::move(within).error();
      }
      if (!honor_timestamps_ && !parser_.line().timestamp.empty()) {
        const std::string_view value = parser_.line().value;
        out.append(copied, value.data() + value.size());
        out += '\n';
        copied = parser_.after();
      }
    }
    lines_ += parser_.lineEnds();
    line = parser_.after();
  }
  out.append(copied, line);
  return static_cast<std::size_t>(line - text.data());
}

Result<void> TextChecker::checkSample() const {
  auto within = checkSampleLimit(limits_, samples_);
  if (!within) return within;
  return checkLabelLimits(limits_, parser_.line().name, parser_.line().labels, /*escaped=*/true);
}

}  // namespace postern::exposition
