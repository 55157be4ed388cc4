#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "http/message.h"

// HTML for people. Text of a configuration or a service is escaped, or is JSON that the script
// turns into text nodes.
namespace postern::web {

// For text, or for the value of an attribute in double quotes. Invalid UTF-8 becomes U+FFFD.
std::string escapeHtml(std::string_view text);

// One HTML answer. Its script and style carry its random nonce, which nobody else can guess.
class HtmlAnswer {
 public:
  using Placeholders = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  HtmlAnswer();

  // An asset of assets.h with {{nonce}}, {{style}}, {{icon}} and the given pieces filled in. Pieces
  // must be HTML already. Placeholders within pieces are not replaced.
  std::string fill(std::string_view page, Placeholders pieces = {}) const;
  // Content type text/html, no caching, and a policy that forbids external resources and framing.
  http::ResponseHead head(int status = 200) const;

 private:
  std::string nonce_;
};

// Whether the client is a browser: its Accept header names text/html, and does not prefer JSON or
// text to it. "*/*" alone does not count.
bool prefersHtml(const http::Request& request);

}  // namespace postern::web
