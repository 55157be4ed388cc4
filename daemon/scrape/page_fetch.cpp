#include "scrape/page_fetch.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "async/offload.h"
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
      query += fmt::format("{}={}", percentEncode(name), percentEncode(value));
    }
  }
  return query;
}

// The selectors of a federate page, so that the service sends less.
config::Pairs federateParams(const config::Target& target, const config::Page& page) {
  config::Pairs params;
  if (!page.path.ends_with("/federate")) return params;
  for (const auto& selector : target.reshape.match) params.emplace_back("match[]", selector.text);
  return params;
}

std::string_view acceptFor(const config::Page& page, const exposition::Output& output) {
  switch (page.format.format) {
    case config::Format::Text: return exposition::acceptFor({});
    case config::Format::OpenMetrics:
      return exposition::acceptFor(
          {exposition::Syntax::OpenMetrics, true, exposition::Escaping::AllowUtf8});
    case config::Format::Auto: return exposition::acceptFor(output);
    case config::Format::Json: break;
  }
  return "application/json";
}

// Services with a cookie redirect unknown clients to their login instead of answering 401.
bool sendsACookie(const config::Target& target) {
  return target.login && !target.login->token.cookie.empty();
}

bool isUnknownToIt(const config::Target& target, int status) {
  return status == 401 || (sendsACookie(target) && (status == 302 || status == 303));
}

// Moves the value out of the authorization.
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

// The remedy for a status that needs no further explanation.
std::string remedyOf(int status, const config::Target& target) {
  if (status == 401 && target.credentials && !target.login)
    return "correct the credential if it is wrong, or let its account read this page";
  if (status == 401) return "let the account read this page, or leave the page out of pages";
  if (status == 404)
    return "correct the path of the page, or the path in the url: the service does not have this "
           "page";
  return "see the service's log for this request, or correct path and params of the page";
}

// RFC 9110, section 15.5.20: the server serves other names on this connection.
Error misdirected(const config::Target& target, const std::string& answered) {
  const auto& name = target.tls.server_name.empty() ? target.url.host : target.tls.server_name;
  return {Fault::Status,
          fmt::format("{}: the service does not serve {}, the name that postern sent as Host and "
                      "in the TLS handshake",
                      answered, name),
          "",
          {},
          "set server_name to a name that the service serves: postern sends it as both",
          Detail::Misdirected};
}

Error statusError(const config::Target& target, const upstream::Response& response, bool shown) {
  const std::string answered = "answered " + std::to_string(response.status);
  if (upstream::refusesClientCertificate(response.status, response.excerpt))
    return upstream::clientRefusal(response.status, response.excerpt, shown);
  if (response.status == 421) return misdirected(target, answered);
  if (response.status == 403) {
    return {Fault::Forbidden, answered + ": the credential is of the wrong kind or lacks the role"};
  }
  if (response.status >= 300 && response.status < 400) {
    return {Fault::Status,
            fmt::format("{}: redirected to \"{}\", which is not followed", answered,
                        printable(response.header("location"))),
            "",
            {},
            "set path or url to the target of the redirect; postern never follows redirects to "
            "other hosts"};
  }
  return {Fault::Status, answered, "", {}, remedyOf(response.status, target)};
}

}  // namespace

Error inPage(const config::Page& page, Error error) {
  error.what = fmt::format("page {}: {}", page.name(), error.what);
  return error;
}

std::size_t bodyLimit(const config::Target& target, const config::Page& page) {
  return page.format.isJson() ? target.limits.json_body_size : target.limits.body_size;
}

async::Task<Result<credentials::SecretHeaders>> PageFetch::readHeaders(async::Scope& scope) {
  const auto& headers = target().http_headers;
  const bool files =
      std::ranges::any_of(headers, [](const auto& one) { return !one.files.empty(); });
  if (!files) co_return credentials::readHeaders(headers);
  auto read = [pages = context_.pages] {
    return credentials::readHeaders(pages->target.http_headers);
  };
  auto done = co_await async::offload(context_.runner, scope, std::move(read));
  if (done) co_return *std::move(done);
  co_return Error{Fault::Timeout, "timed out while reading the files of http_headers"};
}

// Makes the request complete.
async::Task<Result<void>> PageFetch::prepare(async::Scope& scope, SteadyTime login_deadline) {
  auto& client = *context_.client;
  // Nothing can be sent without material, so do not log in either.
  if (const auto material = client.material.current(); !material) co_return material.error();
  credentials::SecretHeaders headers;
  if (!target().http_headers.empty()) {
    auto read = co_await readHeaders(scope);
    if (!read) co_return std::move(read).error();
    headers = *std::move(read);
  }
  if (auto usable = client.session.readyAuthorization()) {
    authorization_ = *std::move(usable);
  } else {
    auto authorization = co_await client.session.authorize(scope, login_deadline);
    if (!authorization) co_return std::move(authorization).error();
    authorization_ = *std::move(authorization);
  }
  request_ = makeRequest(client.session, target(), target().pages[page_], authorization_,
                         std::move(headers), output_);
  request_.transport = &transport_;
  co_return Result<void>();
}

async::Task<Result<void>> PageFetch::start(async::Scope& scope, SteadyTime login_deadline) {
  auto& client = *context_.client;
  for (bool replayed = false;; replayed = true) {
    const auto prepared = co_await prepare(scope, login_deadline);
    if (!prepared) co_return prepared.error();
    auto sent = co_await client.http->send(request_, scope);
    if (!sent) {
      end();
      co_return inPage(target().pages[page_], std::move(sent).error());
    }
    exchange_ = *std::move(sent);
    const auto& response = exchange_->response();
    status_ = response.status;
    if (status_ == 200 || status_ == 403) client.session.accepted(authorization_, page_);
    if (status_ == 200) co_return Result<void>();
    auto failed = fail(response);
    if (isUnknownToIt(target(), status_)) {
      const bool again = client.session.refused(authorization_, page_, replayed);
      if (!again) refused_ = authorization_.generation;
      end();
      if (again) continue;
    }
    end();
    co_return failed;
  }
}

Result<void> PageFetch::fail(const upstream::Response& response) const {
  const auto material = context_.client->material.current();
  const bool shown = material && !(*material)->clientChain().empty();
  return inPage(target().pages[page_], statusError(target(), response, shown));
}

async::Task<Result<std::string_view>> PageFetch::read(async::Scope& scope) {
  auto block = co_await exchange_->read(scope);
  if (!block) co_return inPage(target().pages[page_], std::move(block).error());
  co_return block;
}

std::string_view PageFetch::contentType() const {
  return exchange_->response().header("content-type");
}

void PageFetch::end() {
  exchange_.reset();
  authorization_ = {};
}

}  // namespace postern::scrape
