#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "exposition/detect.h"
#include "exposition/page_reader.h"

namespace postern::exposition {

// A page of any format, as the service sends it. Text and OpenMetrics are read while they arrive.
// JSON is held in memory, up to json_body_size, and read as the text that it becomes. The format of
// a page that is not configured is detected from its Content-Type and its first 4 KiB. Not
// thread-safe.
class PageInput {
 public:
  // Converts a JSON page to Prometheus text.
  using JsonToText =
      std::function<Result<std::string>(const JsonFormat& format, std::string_view json)>;

  // The sink must outlive the object.
  PageInput(std::optional<PageFormat> format, const PageOptions& options, Sink& sink,
            JsonToText json_to_text);

  // Call before the page.
  void contentType(std::string_view value) { content_type_ = value; }
  // Likewise; `run` must outlive the page.
  void use(TemplateRun& run) { template_ = &run; }
  // Errors: those of PageReader and of JsonToText; Limit.
  Result<void> feed(std::string_view block);
  Result<void> finish();

  PageCounts counts() const { return reader_ ? reader_->counts() : PageCounts(); }
  // Not set until it is known.
  const std::optional<PageFormat>& format() const { return format_; }

 private:
  bool isJson() const;
  Result<void> judge(std::string_view begin);
  Result<void> checkHeld() const;
  Result<void> take(std::string_view block);
  Result<void> end();
  PageReader& begin();
  Result<void> explained(Result<void> read) const;

  std::optional<PageFormat> format_;
  const PageOptions options_;
  Sink& sink_;
  const JsonToText json_to_text_;
  std::string content_type_;
  bool judged_ = false;  // the beginning was examined
  std::string shape_;    // what the body seems to be instead of a page; empty: unknown
  TemplateRun* template_ = nullptr;
  std::string held_;  // the beginning until the format is known; all of a JSON page
  std::optional<PageReader> reader_;
};

}  // namespace postern::exposition
