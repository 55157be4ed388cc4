#include "exposition/page_input.h"

#include <utility>

namespace postern::exposition {
namespace {

constexpr std::size_t kEnough = 4U << 10;  // bytes to tell the format by

}  // namespace

PageInput::PageInput(std::optional<Format> format, const PageOptions& options, Sink& sink,
                     JsonToText json_to_text)
    : format_(format), options_(options), sink_(sink), json_to_text_(std::move(json_to_text)) {}

bool PageInput::isJson() const {
  return format_ && *format_ != Format::Text && *format_ != Format::OpenMetrics;
}

Result<void> PageInput::feed(std::string_view block) {
  if (reader_) return reader_->feed(block);
  if (!format_ || isJson()) {
    held_ += block;
    if (!format_ && held_.size() < kEnough) return {};
    if (!format_) format_ = detect(content_type_, held_);
    if (isJson()) {
      const std::size_t limit = options_.limits.json_body_size;
      if (limit == 0 || held_.size() <= limit) return {};
      return Error{Fault::Limit,
                   "body_size_limit of " + std::to_string(limit) +
                       " bytes exceeded by a JSON page, which is held whole",
                   "",
                   {}};
    }
    return begin();
  }
  auto begun = begin();
  return begun ? reader_->feed(block) : begun;
}

// The page is read as it comes from here on.
Result<void> PageInput::begin() {
  reader_.emplace(*format_ == Format::OpenMetrics ? Syntax::OpenMetrics : Syntax::Text, options_,
                  sink_);
  if (cutter_ != nullptr) reader_->watch(*cutter_);
  return reader_->feed(std::exchange(held_, {}));
}

Result<void> PageInput::finish() {
  if (!format_) format_ = detect(content_type_, held_);
  if (isJson()) {
    auto text = json_to_text_(*format_, held_);
    if (!text) return std::move(text).error();
    held_ = *std::move(text);
  }
  if (!reader_) {
    if (auto begun = begin(); !begun) return begun;
  }
  return reader_->finish();
}

Result<void> PageInput::read(std::string_view page, StencilCutter* cutter) {
  cutter_ = cutter;
  if (!format_) format_ = detect(content_type_, page);
  auto taken = feed(page);
  return taken ? finish() : taken;
}

}  // namespace postern::exposition
