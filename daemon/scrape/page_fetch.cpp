#include "scrape/page_fetch.h"

#include <initializer_list>
#include <string>

#include "base/encoding.h"
#include "base/printable.h"
#include "credentials/headers.h"
#include "exposition/negotiate.h"
#include "upstream/client_refusal.h"

namespace postern::scrape {
namespace {

std::string encodeQuery(std::initializer_list<config::Pairs> all) {
  std::string query;
  for (const auto& params : all) {
    for (const auto& [name, value] : params) {
      query += query.empty() ? '?' : '&';
      query += percentEncode(name) + '=' + percentEncode(value);
    }
  }
  return query;
}

bool isJson(config::Format format) {
  return format == config::Format::WhatsappJson || format == config::Format::WhatsappHealth ||
         format == config::Format::SpectatorJson;
}

// What the service can leave out already: the selectors of a federate page.
config::Pairs federateParams(const config::Target& target, const config::Page& page) {
  config::Pairs params;
  if (!page.path.ends_with("/federate")) return params;
  for (const auto& selector : target.reshape.match) params.emplace_back("match[]", selector.text);
  return params;
}

std::string_view acceptFor(const config::Page& page, const exposition::Output& output) {
  switch (page.format) {
    case config::Format::Text: return exposition::acceptFor({});
    case config::Format::OpenMetrics:
      return exposition::acceptFor(
          {exposition::Syntax::OpenMetrics, true, exposition::Escaping::AllowUtf8});
    case config::Format::Auto: return exposition::acceptFor(output);
    default: return "application/json";
  }
}

// Services that give a cookie send whom they do not know to their login, in place of a 401.
bool sendsACookie(const config::Target& target) {
  return target.login && !target.login->token.cookie.empty();
}

bool isUnknownToIt(const config::Target& target, int status) {
  return status == 401 || (sendsACookie(target) && (status == 302 || status == 303));
}

// Takes the value out of the authorization.
upstream::Request makeRequest(const session::Session& session, const config::Target& target,
                              const config::Page& page, session::Authorization& authorization,
                              credentials::SecretHeaders headers,
                              const exposition::Output& output) {
  upstream::Request request;
  request.path = target.url.path + page.path +
                 encodeQuery({target.params, page.params, federateParams(target, page)});
  request.headers.emplace_back("Accept", acceptFor(page, output));
  request.secret_headers = std::move(headers);
  request.secret_header = authorization.header;
  request.secret_value = std::move(authorization.value);
  session.addCookies(authorization, request);
  request.body_limit = bodyLimit(target, page);
  request.follow_redirects = target.follow_redirects && !sendsACookie(target);
  return request;
}

// What mends a status that needs no more words than its number.
std::string remedyOf(int status) {
  if (status == 401) return "let the account read this page, or leave the page out of pages";
  if (status == 404)
    return "correct the path of the page, or the path in the url: the service knows no such page";
  return "look into the service's log for this request, or correct path and params of the page";
}

// RFC 9110, section 15.5.20: by a server that serves other names on this connection.
Error misdirected(const config::Target& target, const std::string& answered) {
  const auto& name = target.tls.server_name.empty() ? target.url.host : target.tls.server_name;
  return {Fault::Status,
          answered + ": the service does not serve " + name +
              ", which it was asked for as Host and in the TLS handshake",
          "",
          {},
          "set server_name to a name that the service serves: it is sent as both",
          Detail::Misdirected};
}

Error statusError(const config::Target& target, const upstream::Response& response, bool shown) {
  const std::string answered = "answered " + std::to_string(response.status);
  if (upstream::refusesClientCertificate(response.status, response.excerpt))
    return upstream::clientRefusal(response.status, response.excerpt, shown);
  if (response.status == 421) return misdirected(target, answered);
  if (response.status == 403) {
    return {Fault::Forbidden,
            answered + ": the credential is of the wrong kind or lacks the role",
            "",
            {}};
  }
  if (response.status >= 300 && response.status < 400) {
    return {
        Fault::Status,
        answered + ": redirected to \"" + printable(response.header("location")) +
            "\", which is not followed",
        "",
        {},
        "let path, and the url, be where the redirect leads to; other hosts are never followed"};
  }
  return {Fault::Status, answered, "", {}, remedyOf(response.status)};
}

}  // namespace

Error inPage(const config::Page& page, Error error) {
  error.what = "page " + std::string(page.name()) + ": " + error.what;
  return error;
}

std::size_t bodyLimit(const config::Target& target, const config::Page& page) {
  return isJson(page.format) ? target.limits.json_body_size : target.limits.body_size;
}

// Ready to be sent.
Result<PageFetch::Order> PageFetch::prepare() {
  // Without material nothing can be sent, so no login is spent on it either.
  if (const auto material = door.material.current(); !material) return material.error();
  auto headers = credentials::readHeaders(target.http_headers);
  if (!headers) return std::move(headers).error();
  auto authorization = door.session.authorize(deadline, login_deadline);
  if (!authorization) return std::move(authorization).error();
  auto request = makeRequest(door.session, target, target.pages[page], *authorization,
                             *std::move(headers), output);
  return Order{*std::move(authorization), std::move(request)};
}

Result<void> PageFetch::run(const upstream::OnBody& on_body) {
  const config::Page& wanted = target.pages[page];
  for (bool replayed = false;; replayed = true) {
    auto prepared = prepare();
    if (!prepared) return std::move(prepared).error();
    const auto& authorization = prepared->authorization;
    prepared->request.way = &way;
    const auto on_head = [&](const upstream::Response& response) {
      status = response.status;
      if (response.status == 200) {
        door.session.accepted(authorization, page);
        if (on_content_type) on_content_type(response.header("content-type"));
      }
      return Result<void>();
    };
    const auto response = door.client.exchange(prepared->request, deadline, on_head, on_body);
    if (!response) return inPage(wanted, response.error());
    if (response->status == 200) return {};
    if (response->status == 403) door.session.accepted(authorization, page);
    const auto fail = [&] {
      const auto material = door.material.current();
      const bool shown = material && !(*material)->clientChain().empty();
      return inPage(wanted, statusError(target, *response, shown));
    };
    if (!isUnknownToIt(target, response->status)) return fail();
    if (door.session.refused(authorization, page, replayed)) continue;
    refused = authorization.generation;
    return fail();
  }
}

}  // namespace postern::scrape
