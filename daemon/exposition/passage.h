#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "exposition/page_input.h"
#include "exposition/page_template.h"
#include "exposition/page_writer.h"
#include "exposition/template_run.h"

namespace postern::exposition {

// A page on its way through: what comes in is checked, what goes out is written. What is like the
// page before is not read, but filled in. Not thread-safe.
class Passage {
 public:
  // `store` is of the page, and must outlive it; null: every line is read, as with `strict`, which
  // looks at values, and family_series_limit, which looks at all of a page.
  Passage(std::optional<Format> format, const PageOptions& options, const Output& output,
          PageInput::JsonToText json_to_text, PageTemplateStore* store);
  ~Passage();
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;

  // As those of PageInput.
  void contentType(std::string_view value);
  Result<void> feed(std::string_view block);
  Result<void> finish();

  PageCounts counts() const { return input_.counts(); }
  std::optional<Format> format() const { return input_.format(); }
  // What has been written since it was last cleared, which is the caller's to do.
  std::string& out() { return writer_.out(); }

 private:
  void begin();
  Result<void> settled(Result<void> result);

  const std::size_t line_limit_;
  const Output output_;
  PageWriter writer_;
  PageInput input_;
  PageTemplateStore* store_;  // null after the page has begun
  std::string content_type_;
  PageTemplateStore* lender_ = nullptr;  // of template_
  std::unique_ptr<PageTemplate> template_;
  std::optional<TemplateRun> run_;
};

}  // namespace postern::exposition
