#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "http/message.h"

// HTML for people. What comes from a configuration or a service reaches it escaped, or as JSON
// that the script turns into text nodes.
namespace postern::serve {

// As text or as the value of an attribute in double quotes; bytes that are no UTF-8 become U+FFFD.
std::string escapeHtml(std::string_view text);

// One answer: its random nonce, which its own script and style carry and no other can guess.
class HtmlAnswer {
 public:
  using Pieces = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  HtmlAnswer();

  // An asset of assets.h with {{nonce}}, {{style}}, {{icon}} and the given pieces filled in; those
  // must be HTML already. What is filled in is not searched again.
  std::string fill(std::string_view page, Pieces pieces = {}) const;
  // Content type text/html, a policy that allows nothing from elsewhere and no framing, no caching.
  http::ResponseHead head(int status = 200) const;

 private:
  std::string nonce_;
};

// Whether an Accept header names text/html and nothing that JSON or text would be preferred by: a
// browser. "*/*" alone is none.
bool prefersHtml(const http::Request& request);

}  // namespace postern::serve
