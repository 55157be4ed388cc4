#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "exposition/page_input.h"
#include "exposition/page_template.h"
#include "exposition/page_writer.h"
#include "exposition/template_run.h"

namespace postern::exposition {

// The pipeline of one page: checks the input and writes the output. Fills in the parts that equal
// the previous page instead of reading them. Not thread-safe.
class PagePipeline {
 public:
  // `store` belongs to the page, and must outlive the object. Null: every line is read. That is
  // also the case with `strict`, which checks values, and with family_series_limit, which depends
  // on the whole page.
  PagePipeline(std::optional<PageFormat> format, const PageOptions& options, const Output& output,
               PageInput::JsonToText json_to_text, PageTemplateStore* store);
  ~PagePipeline();
  PagePipeline(const PagePipeline&) = delete;
  PagePipeline& operator=(const PagePipeline&) = delete;

  // Like those of PageInput.
  void contentType(std::string_view value);
  Result<void> feed(std::string_view block);
  Result<void> finish();

  PageCounts counts() const { return input_.counts(); }
  std::optional<PageFormat> format() const { return input_.format(); }
  // The output since it was last cleared. The caller clears it.
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
  PageTemplateStore* lender_ = nullptr;  // the store of template_
  std::unique_ptr<PageTemplate> template_;
  std::optional<TemplateRun> run_;
};

}  // namespace postern::exposition
