#include "exposition/passage.h"

#include <utility>

namespace postern::exposition {

Passage::Passage(std::optional<Format> format, const PageOptions& options, const Output& output,
                 PageInput::JsonToText json_to_text, StencilKeeper* keeper)
    : line_limit_(options.limits.line),
      output_(output),
      writer_(output),
      input_(format, options, writer_, std::move(json_to_text)),
      keeper_(keeper),
      // Strictness looks at values.
      holding_(keeper != nullptr && !options.strict) {}

void Passage::contentType(std::string_view value) {
  content_type_ = value;
  input_.contentType(value);
}

Result<void> Passage::feed(std::string_view block) {
  if (!holding_) return input_.feed(block);
  held_ += block;
  if (held_.size() <= kSmall) return {};
  holding_ = false;
  return input_.feed(std::exchange(held_, {}));
}

Result<void> Passage::finish() {
  if (holding_) return takeHeld();
  auto whole = input_.finish();
  if (whole) writer_.finish();
  return whole;
}

Result<void> Passage::takeHeld() {
  auto stencil = keeper_->find(output_, content_type_);
  if (stencil && stencil->fill(held_, out())) filled_ = std::move(stencil);
  const bool wanted = keeper_->wants(filled_ != nullptr);
  if (filled_) return {};
  StencilCutter cutter(held_, out(), line_limit_);
  auto whole = input_.read(held_, wanted ? &cutter : nullptr);
  if (!whole) return whole;
  writer_.finish();
  if (wanted)
    keeper_->keep(cutter.finish(input_.counts(), *input_.format()), output_, content_type_);
  return {};
}

}  // namespace postern::exposition
