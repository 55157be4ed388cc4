#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "exposition/openmetrics_line.h"
#include "exposition/page_checker.h"
#include "exposition/template_run.h"
#include "exposition/text_line.h"

namespace postern::exposition {

// Reads a text or OpenMetrics page in blocks that may be split anywhere, checks every line and
// passes the kept ones to a sink. Its memory is at most two lines and a block, and that of
// PageChecker. Quoted text may contain line ends; the line limit counts all of it. After an error
// the object is unusable. Not thread-safe.
class PageReader {
 public:
  // The sink must outlive the reader.
  PageReader(Syntax syntax, const PageOptions& options, Sink& sink);

  // Call before the first block. `run` must outlive the page. Requires no `strict` and no
  // family_series_limit.
  void use(TemplateRun& run);
  // Errors: Format (line number, column, what was expected, the offending bytes made printable)
  // and Limit.
  Result<void> feed(std::string_view block);
  // Call at the end of the page. Errors: those of feed(), Empty without any sample, Truncated
  // when the `# EOF` of OpenMetrics is missing.
  Result<void> finish();

  const PageCounts& counts() const { return filter_.counts(); }

 private:
  Result<void> takeUp(std::string_view& block);
  Result<void> takeUpTemplate(std::string_view& block);
  Result<void> brokeOff();
  Result<void> checkPartial() const;
  Result<std::size_t> readLines(std::string_view text, bool last = false);
  template <typename Parser>
  Result<std::size_t> readLines(std::string_view text, Parser& parser, bool last);
  bool fillIn(const char*& line, const char* end, bool last);
  Error problem(const char* line, const char* end) const;

  const Syntax syntax_;
  const std::size_t line_limit_;
  Sink& sink_;
  PageChecker filter_;
  TextLineParser text_;
  OpenMetricsLineParser openmetrics_;
  // The incomplete line at the end of the last block, or what may be a block of the template.
  std::string partial_;
  std::size_t retry_at_ = 0;  // 0, or the size of partial_ at which it is read again
  std::size_t lines_ = 0;
  bool ended_ = false;  // # EOF has been read
  TemplateRun* template_ = nullptr;
  bool waits_ = false;  // partial_ may be a block of the template
};

}  // namespace postern::exposition
