#include "scrape/page_fetch.h"

#include <string>

#include "base/printable.h"

namespace postern::scrape {
namespace {

std::string encodeQuery(const config::Pairs& page_params, const config::Pairs& target_params) {
  constexpr char digits[] = "0123456789ABCDEF";
  const auto append = [&](std::string& out, std::string_view text) {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      // RFC 3986 section 2.3
      if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
        out += c;
      } else {
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
      }
    }
  };
  std::string query;
  for (const config::Pairs* params : {&target_params, &page_params}) {
    for (const auto& [name, value] : *params) {
      query += query.empty() ? '?' : '&';
      append(query, name);
      query += '=';
      append(query, value);
    }
  }
  return query;
}

bool isJson(config::Format format) {
  return format == config::Format::WhatsappJson || format == config::Format::WhatsappHealth;
}

upstream::Request makeRequest(const config::Target& target, const config::Page& page,
                              const session::Authorization& authorization) {
  upstream::Request request;
  request.path = target.url.path + page.path + encodeQuery(page.params, target.params);
  request.headers = target.http_headers;
  request.headers.emplace_back("Accept", isJson(page.format)
                                             ? "application/json"
                                             : "text/plain;version=0.0.4;q=0.9,*/*;q=0.1");
  request.secret_header = authorization.header;
  request.secret_value = authorization.value;
  request.body_limit = bodyLimit(target, page);
  request.follow_redirects = target.follow_redirects;
  return request;
}

Error statusError(const upstream::Response& response) {
  const std::string answered = "answered " + std::to_string(response.status);
  if (response.status == 403) {
    return {Fault::Forbidden,
            answered + ": the credential is of the wrong kind or lacks the role",
            "",
            {}};
  }
  if (response.status >= 300 && response.status < 400) {
    return {Fault::Status,
            answered + ": redirected to \"" + printable(response.header("location")) +
                "\", which is not followed",
            "",
            {}};
  }
  return {Fault::Status, answered, "", {}};
}

}  // namespace

Error inPage(const config::Page& page, Error error) {
  error.what = "page " + std::string(page.name()) + ": " + error.what;
  return error;
}

std::size_t bodyLimit(const config::Target& target, const config::Page& page) {
  return isJson(page.format) ? target.limits.json_body_size : target.limits.body_size;
}

Result<void> PageFetch::run(const upstream::OnBody& on_body) {
  const config::Page& wanted = target.pages[page];
  // Without material nothing can be sent, so no login is spent on it either.
  if (const auto material = door.material.current(); !material) return material.error();
  for (bool replayed = false;; replayed = true) {
    auto authorization = door.session.authorize(deadline, login_deadline);
    if (!authorization) return std::move(authorization).error();
    const auto on_head = [&](const upstream::Response& response) {
      if (response.status == 200) door.session.accepted(*authorization, page);
      return Result<void>();
    };
    const auto response = door.client.exchange(makeRequest(target, wanted, *authorization),
                                               deadline, on_head, on_body);
    if (!response) return inPage(wanted, response.error());
    if (response->status == 200) return {};
    if (response->status == 403) door.session.accepted(*authorization, page);
    if (response->status != 401) return inPage(wanted, statusError(*response));
    if (door.session.refused(*authorization, page, replayed)) continue;
    refused = authorization->generation;
    return inPage(wanted, statusError(*response));
  }
}

}  // namespace postern::scrape
