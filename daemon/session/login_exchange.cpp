#include "session/login_exchange.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "upstream/client_refusal.h"

namespace postern::session {
namespace {

CookieScope scopeOf(const config::Target& target) {
  const auto below = [&](const std::string& path) { return target.url.path + path; };
  return {config::named(target.url, target.tls).host, below(target.login ? target.login->url : "/"),
          below(target.pages.empty() ? "/" : target.pages.front().path)};
}

bool showsCertificate(const config::Tls& tls) {
  std::error_code ignored;
  if (tls.optional_files) return std::filesystem::exists(tls.cert_file, ignored);
  return !tls.cert_file.empty() || !tls.pkcs12_file.empty();
}

// Reads the body to its end and keeps its beginning. Returns why the end was not reached.
async::Task<std::optional<Error>> readBody(upstream::HttpExchange& exchange, Secret& start,
                                           async::Scope& scope) {
  while (true) {
    const auto block = co_await exchange.read(scope);
    if (!block) co_return block.error();
    if (block->empty()) co_return std::nullopt;
    start.append(block->substr(0, kLoginAnswerLimit - start.size()));
  }
}

}  // namespace

LoginExchange::LoginExchange(const config::Target& target, upstream::HttpClient& client,
                             const Clock& clock)
    : url_path_(target.url.path),
      cookie_scope_(scopeOf(target)),
      login_(target.login),
      oauth2_(target.oauth2),
      shows_certificate_(showsCertificate(target.oauth2 ? target.oauth2->tls : target.tls)),
      client_(client),
      clock_(clock) {}

async::Task<Result<Token>> LoginExchange::logIn(const credentials::Credential& credential,
                                                const credentials::SecretHeaders& headers,
                                                async::Scope& scope) {
  if (oauth2_) co_return co_await logInForToken(credential, scope);
  auto request = makeLogin(*login_, url_path_, credential);
  request.secret_headers = headers;
  const auto answer = co_await send(std::move(request), scope);
  if (!answer) co_return answer.error();
  co_return readLogin(*login_, answer->response, answer->body, clock_.system(), cookie_scope_);
}

// Until the first token it is unknown where the endpoint expects the client's credential. If it
// does not find the credential in the header, the same login also tries the body.
async::Task<Result<Token>> LoginExchange::logInForToken(const credentials::Credential& client,
                                                        async::Scope& scope) {
  auto first_auth = client_auth_.value_or(ClientAuthMethod::Header);
  const bool known = client_auth_.has_value();
  auto first = co_await askForToken(client, first_auth, scope);
  if (known || !first.suggests_other_auth) co_return std::move(first.token);
  auto by_body = co_await askForToken(client, ClientAuthMethod::Body, scope);
  const bool is_less_specific = !by_body.token && by_body.token.error().fault == Fault::LoginFailed;
  if (is_less_specific) co_return std::move(first.token);
  co_return std::move(by_body.token);
}

async::Task<LoginExchange::TokenAnswer> LoginExchange::askForToken(
    const credentials::Credential& client, ClientAuthMethod auth, async::Scope& scope) {
  auto request = makeTokenRequest(*oauth2_, *login_, client, auth);
  const auto answer = co_await send(std::move(request), scope);
  if (!answer) co_return TokenAnswer{answer.error()};
  auto token = readTokenAnswer(*login_, answer->response, answer->body, clock_.system());
  if (token) client_auth_ = auth;
  const bool other = !token && suggestsOtherAuth(answer->response, answer->body);
  co_return TokenAnswer{std::move(token), other};
}

async::Task<Result<LoginExchange::LoginResponse>> LoginExchange::send(upstream::Request request,
                                                                      async::Scope& scope) {
  std::optional<upstream::TransportInfo> transport;
  request.transport = &transport;
  std::optional<upstream::Response> head;
  Secret body;
  std::optional<Error> error;
  {
    const auto started = co_await client_.send(request, scope);
    if (started) {
      auto& exchange = **started;
      head = exchange.response();
      error = co_await readBody(exchange, body, scope);
    } else {
      error = started.error();
    }
  }
  transport_ = transport;
  co_return judge(std::move(head), std::move(body), std::move(error));
}

Result<LoginExchange::LoginResponse> LoginExchange::judge(std::optional<upstream::Response> head,
                                                          Secret body,
                                                          std::optional<Error> error) const {
  if (!error) {
    // A proxy that refuses the client certificate has not asked the service about the credential.
    if (upstream::refusesClientCertificate(head->status, body.reveal())) {
      return withContext("login",
                         upstream::clientRefusal(head->status, body.reveal(), shows_certificate_));
    }
    return LoginResponse{*std::move(head), std::move(body)};
  }
  // A long, slow or truncated error page must not hide its status.
  if (head && !mayBeSuccess(*login_, head->status)) return LoginResponse{*std::move(head), {}};
  error->what = "login: " + error->what;
  if (head && error->fault == Fault::Limit) {
    return Error{Fault::LoginRejected,
                 error->what +
                     ": answers with a token are shorter, and such a page may say that user or "
                     "password is wrong"};
  }
  const bool nonsense = error->fault == Fault::Format || error->fault == Fault::Limit ||
                        error->fault == Fault::Truncated;
  if (nonsense) error->fault = Fault::LoginFailed;
  return *std::move(error);
}

async::Task<Result<void>> LoginExchange::logOut(upstream::Request request, async::Scope& scope) {
  const auto started = co_await client_.send(request, scope);
  if (!started) co_return started.error();
  auto& exchange = **started;
  Secret ignored;
  auto error = co_await readBody(exchange, ignored, scope);
  if (error) co_return *std::move(error);
  const int status = exchange.response().status;
  if (status < 200 || status > 299)
    co_return Error{Fault::LoginFailed, "answered " + std::to_string(status)};
  co_return Result<void>();
}

}  // namespace postern::session
