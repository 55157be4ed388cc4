#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/limits.h"
#include "exposition/text_line.h"

namespace postern::exposition {

using Limits = config::Limits;

// Checks a page of Prometheus text 0.0.4 line by line and copies it as it came.
//
// It takes what Prometheus' own text parser takes and refuses the rest; nothing is
// altered, but a missing last newline is added and, when timestamps are not honoured, they
// are cut off. Fed in blocks cut anywhere; memory beyond `out` is at most two lines and a block
// (quoted text may hold line ends; the line limit counts it whole).
// After an error the object is spent. Not thread-safe.
class TextChecker {
 public:
  TextChecker(const Limits& limits, bool honor_timestamps);

  // Appends the whole lines that `block` completes to `out`. Errors: Format (line
  // number, column, what was expected, the offending bytes made printable) and Limit.
  Result<void> feed(std::string_view block, std::string& out);
  // The end of the page. Errors: those of feed, and Empty when there was no sample.
  Result<void> finish(std::string& out);

  std::size_t samples() const { return samples_; }

 private:
  Result<void> takeUp(std::string_view& block, std::string& out);
  Result<void> brokeOff();
  Result<void> checkPartial() const;
  Result<std::size_t> checkLines(std::string_view text, std::string& out);
  Result<void> checkSample() const;

  const Limits limits_;
  const bool samples_limited_;
  const bool honor_timestamps_;
  TextLineParser parser_;
  std::string partial_;       // the line that the last block broke off
  std::size_t retry_at_ = 0;  // 0, or the size of partial_ at which its open quotes are read again
  std::size_t lines_ = 0;
  std::size_t samples_ = 0;
};

}  // namespace postern::exposition
