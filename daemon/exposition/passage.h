#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "exposition/page_input.h"
#include "exposition/page_writer.h"
#include "exposition/stencil.h"

namespace postern::exposition {

// A page on its way through: what comes in is checked, what goes out is written. A small page is
// held until it is whole, and only read when it is not like the one before. Not thread-safe.
class Passage {
 public:
  static constexpr std::size_t kSmall = 64U << 10;  // bytes

  // `keeper` is of the page, and must outlive it; null: no page is held.
  Passage(std::optional<Format> format, const PageOptions& options, const Output& output,
          PageInput::JsonToText json_to_text, StencilKeeper* keeper);

  // As those of PageInput.
  void contentType(std::string_view value);
  Result<void> feed(std::string_view block);
  Result<void> finish();

  PageCounts counts() const { return filled_ ? filled_->counts() : input_.counts(); }
  std::optional<Format> format() const { return filled_ ? filled_->format() : input_.format(); }
  // What has been written since it was last cleared, which is the caller's to do.
  std::string& out() { return writer_.out(); }

 private:
  Result<void> takeHeld();

  const std::size_t line_limit_;
  const Output output_;
  PageWriter writer_;
  PageInput input_;
  StencilKeeper* const keeper_;
  bool holding_;
  std::string held_;
  std::string content_type_;
  std::shared_ptr<const Stencil> filled_;  // with this page
};

}  // namespace postern::exposition
