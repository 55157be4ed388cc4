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
  if (holding_) {
    auto stencil = keeper_->find(output_, content_type_);
    if (stencil && stencil->fill(held_, out())) filled_ = std::move(stencil);
    const bool wanted = keeper_->wants(filled_ != nullptr);
    if (filled_) return {};
    if (wanted) return readToKeep();
    if (auto taken = input_.feed(held_); !taken) return taken;
  }
  auto whole = input_.finish();
  if (whole) writer_.finish();
  return whole;
}

// What is held, to have a stencil of it.
Result<void> Passage::readToKeep() {
  StencilCutter cutter(held_, out(), line_limit_);
  input_.watch(cutter);
  auto whole = input_.feed(held_);
  if (whole) whole = input_.finish();
  if (!whole) return whole;
  writer_.finish();
  keeper_->keep(cutter.finish(input_.counts(), *input_.format()), output_, content_type_);
  return {};
}

}  // namespace postern::exposition
