#include "web/html.h"

#include <fmt/core.h>

#include <sys/random.h>

#include <charconv>

#include "base/encoding.h"
#include "base/text.h"
#include "web/assets.h"

namespace postern::web {
namespace {

// The logo of the pages' header.
constexpr std::string_view kIcon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath "
    "fill='none' stroke='%23888' stroke-width='1.6' d='M2 15V8a6 6 0 0 1 12 0v7zM5.5 15V9a2.5 2.5 "
    "0 0 1 5 0v6'/%3E%3C/svg%3E";

// 128 bits of the kernel's randomness, hexadecimal.
std::string makeNonce() {
  std::string bytes(16, '\0');
  for (std::size_t filled = 0; filled < bytes.size();) {
    const auto got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return encodeHex(bytes);
}

// Removes the part of `text` before `separator` and returns it.
std::string_view take(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(part);
}

// RFC 9110 section 12.4.2. An invalid weight counts as 1.
double weightOf(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view parameter = take(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    parameter.remove_prefix(2);
    double weight = 1;
    std::from_chars(parameter.data(), parameter.data() + parameter.size(), weight);
    return weight;
  }
  return 1;
}

}  // namespace

std::string escapeHtml(std::string_view text) {
  std::string html;
  html.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const auto size = utf8Length(text);
    switch (text.front()) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      case '\0': html += "\xEF\xBF\xBD"; break;
      default:
        if (size == 0) {
          html += "\xEF\xBF\xBD";
        } else {
          html += text.substr(0, size);
        }
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return html;
}

HtmlAnswer::HtmlAnswer() : nonce_(makeNonce()) {}

std::string HtmlAnswer::fill(std::string_view page, Placeholders pieces) const {
  const auto pieceOf = [&](std::string_view name) -> std::string_view {
    if (name == "nonce") return nonce_;
    if (name == "style") return kStyle;
    if (name == "icon") return kIcon;
    for (const auto& [key, html] : pieces) {
      if (key == name) return html;
    }
    return {};
  };
  std::string html;
  while (true) {
    const auto open = page.find("{{");
    const auto close = page.find("}}", open);
    if (open == page.npos || close == page.npos) return html += page;
    html += page.substr(0, open);
    html += pieceOf(page.substr(open + 2, close - open - 2));
    page.remove_prefix(close + 2);
  }
}

http::ResponseHead HtmlAnswer::head(int status) const {
  http::ResponseHead head;
  head.status = status;
  head.content_type = "text/html; charset=utf-8";
  head.headers = {
      {"Content-Security-Policy",
       fmt::format(
           "default-src 'none'; script-src 'nonce-{}'; style-src 'nonce-{}'; connect-src 'self'; "
           "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
           nonce_, nonce_)},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cache-Control", "no-store"},
  };
  return head;
}

bool prefersHtml(const http::Request& request) {
  double html = 0;
  double other = 0;
  for (const auto& [name, value] : request.headers) {
    if (name != "accept") continue;
    for (std::string_view rest = value; !rest.empty();) {
      std::string_view range = take(rest, ',');
      const auto type = take(range, ';');
      if (type == "text/html") html = weightOf(range);
      if (type == "application/json" || type == "text/plain")
        other = std::max(other, weightOf(range));
    }
  }
  return html > other;
}

}  // namespace postern::web
