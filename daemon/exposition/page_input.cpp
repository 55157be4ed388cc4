#include "exposition/page_input.h"

#include <fmt/core.h>

#include <utility>

#include "base/printable.h"
#include "exposition/body_shape.h"

namespace postern::exposition {
namespace {

constexpr std::size_t kEnough = 4U << 10;  // bytes that suffice to detect the format

}  // namespace

PageInput::PageInput(std::optional<PageFormat> format, const PageOptions& options, Sink& sink,
                     JsonToText json_to_text)
    : format_(format), options_(options), sink_(sink), json_to_text_(std::move(json_to_text)) {}

bool PageInput::isJson() const {
  return format_ && format_->isJson();
}

// Detects the format from the beginning of the page.
Result<void> PageInput::judge(std::string_view begin) {
  const bool given = format_.has_value();
  if (!given && isProtobuf(content_type_)) {
    return Error{Fault::Format,
                 fmt::format("line 1: expected text or OpenMetrics, found the Content-Type \"{}\"; "
                             "the service has to send what the Accept header asks for",
                             printable(content_type_))};
  }
  if (!given) format_ = detect(content_type_, begin, options_.json_formats);
  judged_ = true;
  shape_ = bodyShape(begin);
  if (shape_.empty() && !isJson() && looksLikeJson(begin)) {
    shape_ = "the body looks like JSON: ";
    shape_ += given ? "correct `format`" : "correct its Content-Type, or set `format`";
  }
  return {};
}

Result<void> PageInput::checkHeld() const {
  const std::size_t limit = options_.limits.json_body_size;
  if (!isJson() || limit == 0 || held_.size() <= limit) return {};
  return Error{
      Fault::Limit,
      fmt::format("body_size_limit of {} bytes exceeded by a JSON page, which is held whole",
                  limit)};
}

Result<void> PageInput::feed(std::string_view block) {
  return explained(take(block));
}

Result<void> PageInput::take(std::string_view block) {
  if (reader_) return reader_->feed(block);
  const bool is_first = held_.empty();
  if (!is_first || isJson()) held_ += block;
  if (isJson()) return checkHeld();
  const std::string_view come = is_first ? block : held_;
  // A page of a given format also waits for the end of its first line.
  const bool has_line = format_ && block.find('\n') != std::string_view::npos;
  if (has_line || come.size() >= kEnough) {
    if (auto judged = judge(come); !judged) return judged;
    // Most often the first block is enough, and need not be copied.
    if (!isJson()) return begin().feed(is_first ? block : std::exchange(held_, {}));
  }
  if (is_first) held_ = block;
  return checkHeld();
}

// From here on the page is read while it arrives.
PageReader& PageInput::begin() {
  reader_.emplace(*format_ == Format::OpenMetrics ? Syntax::OpenMetrics : Syntax::Text, options_,
                  sink_);
  if (template_ != nullptr) reader_->use(*template_);
  return *reader_;
}

Result<void> PageInput::finish() {
  return explained(end());
}

Result<void> PageInput::end() {
  if (reader_) return reader_->finish();
  if (!judged_) {
    if (auto judged = judge(held_); !judged) return judged;
  }
  if (isJson()) {
    if (auto within = checkHeld(); !within) return within;
    TRY(auto text, json_to_text_(*format_->json, held_));
    held_ = std::move(text);
  }
  auto taken = begin().feed(std::exchange(held_, {}));
  return taken ? reader_->finish() : taken;
}

// Adds the cause when the body is not a page at all.
Result<void> PageInput::explained(Result<void> read) const {
  if (read || read.error().fault != Fault::Format || shape_.empty()) return read;
  Error error = std::move(read).error();
  error.what.append("; ").append(shape_);
  return error;
}

}  // namespace postern::exposition
