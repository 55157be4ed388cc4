#include "exposition/page_pipeline.h"

#include <utility>

namespace postern::exposition {

PagePipeline::PagePipeline(std::optional<PageFormat> format, const PageOptions& options,
                           const Output& output, PageInput::JsonToText json_to_text,
                           PageTemplateStore* store)
    : line_limit_(options.limits.line),
      output_(output),
      writer_(output),
      input_(format, options, writer_, std::move(json_to_text)),
      store_(options.strict || options.limits.family_series != 0 ? nullptr : store) {}

PagePipeline::~PagePipeline() {
  if (!run_) return;
  const bool alike = run_->alike();
  const bool lacked_room = run_->lackedRoom();
  run_.reset();
  lender_->giveBack(std::move(template_), alike, lacked_room);
}

void PagePipeline::contentType(std::string_view value) {
  content_type_ = value;
  input_.contentType(value);
}

Result<void> PagePipeline::feed(std::string_view block) {
  begin();
  return settled(input_.feed(block));
}

Result<void> PagePipeline::finish() {
  begin();
  auto whole = settled(input_.finish());
  if (whole) writer_.finish();
  return whole;
}

void PagePipeline::begin() {
  if (store_ == nullptr) return;
  lender_ = std::exchange(store_, nullptr);
  auto lease = lender_->lease(output_, content_type_);
  if (!lease.page) return;
  template_ = std::move(lease.page);
  run_.emplace(*template_, lease.learns, writer_, line_limit_);
  input_.use(*run_);
}

// The counts of a failed page do not depend on its template.
Result<void> PagePipeline::settled(Result<void> result) {
  if (!result && run_) run_->goLive();
  return result;
}

}  // namespace postern::exposition
