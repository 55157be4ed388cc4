#include "session/oauth2.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "session/form.h"

namespace postern::session {
namespace {

nlohmann::json parse(const Secret& body) {
  return nlohmann::json::parse(body.reveal(), nullptr, /*allow_exceptions=*/false);
}

std::string textAt(const nlohmann::json& answer, const char* key) {
  if (!answer.is_object() || !answer.contains(key) || !answer[key].is_string()) return {};
  return answer[key].get<std::string>();
}

// RFC 6749 sections 4.1.2.1 and 5.2, and RFC 8707. No other text of the endpoint is shown.
std::string errorIn(const nlohmann::json& answer) {
  constexpr std::array<std::string_view, 10> kKnown = {
      "invalid_request",        "invalid_client",         "invalid_grant",  "unauthorized_client",
      "unsupported_grant_type", "invalid_scope",          "invalid_target", "access_denied",
      "server_error",           "temporarily_unavailable"};
  auto error = textAt(answer, "error");
  return std::ranges::count(kKnown, error) > 0 ? error : std::string();
}

// Errors that are not about the client.
bool passes(const std::string& error) {
  return error == "temporarily_unavailable" || error == "server_error";
}

struct Advice {
  std::string_view cause;   // empty: the error is clear by itself
  std::string_view remedy;  // empty: replace the credentials
};

// Keycloak answers a wrong secret with 401 and unauthorized_client, which RFC 6749 uses for the
// grant.
Advice adviceOn(int status, const std::string& error) {
  constexpr std::string_view kLetGrant = "let this client use the client credentials grant there";
  if (error == "unauthorized_client" && status == 401) {
    return {"client_id or client_secret may be wrong",
            "correct client_id and client_secret, or let this client use the client credentials "
            "grant there"};
  }
  if (error == "unauthorized_client" || error == "unsupported_grant_type") return {"", kLetGrant};
  if (error == "invalid_scope") return {"", "correct scopes"};
  if (error == "invalid_target") return {"", "correct endpoint_params"};
  if (error == "invalid_request") return {"", "correct endpoint_params, or token_url"};
  if (error == "access_denied") {
    return {"client_id or client_secret is wrong, or the client may not have these scopes", ""};
  }
  if (passes(error)) return {"the endpoint has an internal error", "see its log"};
  if (error.empty() && status != 401 && status != 403) {
    return {"client_id or client_secret is wrong, or the endpoint expects a different request", ""};
  }
  return {"client_id or client_secret is wrong", ""};
}

bool rejects(const config::Login& login, int status, const std::string& error) {
  if (status >= 500 || passes(error)) return false;
  return isRejection(login, status) || error == "invalid_client" || error == "invalid_grant" ||
         error == "unauthorized_client" || error == "access_denied";
}

bool isBearer(std::string_view type) {
  return type.empty() || equalsIgnoringCase(type, "bearer");
}

Secret formEscaped(std::string_view text) {
  Secret escaped;
  appendFormEscaped(text, escaped);
  return escaped;
}

std::string joined(const std::vector<std::string>& scopes) {
  std::string text;
  for (const auto& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

}  // namespace

upstream::Request makeTokenRequest(const config::Oauth2& oauth2, const config::Login& login,
                                   const credentials::Credential& client, ClientAuthMethod auth) {
  upstream::Request request;
  request.method = "POST";
  request.path = login.url;
  request.headers = {{"Accept", "application/json"}};
  request.content_type = kFormType;
  request.body_limit = kLoginAnswerLimit;
  request.any_status_body = true;
  request.once = true;
  appendField("grant_type", "client_credentials", request.body);
  if (!oauth2.scopes.empty()) appendField("scope", joined(oauth2.scopes), request.body);
  for (const auto& [name, value] : oauth2.endpoint_params) appendField(name, value, request.body);
  if (auth == ClientAuthMethod::Body) {
    appendField("client_id", client.username, request.body);
    appendField("client_secret", client.password.reveal(), request.body);
  } else {
    credentials::Credential escaped;
    escaped.username = formEscaped(client.username).reveal();
    escaped.password = formEscaped(client.password.reveal());
    request.secret_header = "Authorization";
    request.secret_value = basicAuthorization(escaped);
  }
  return request;
}

Result<Token> readTokenAnswer(const config::Login& login, const upstream::Response& response,
                              const Secret& body, SystemTime now) {
  const auto answer = parse(body);
  const int status = response.status;
  const auto error = errorIn(answer);
  const bool rejected = rejects(login, status, error);
  if (status != 429 && (rejected || !error.empty())) {
    const auto fault = rejected ? Fault::LoginRejected : Fault::LoginFailed;
    const auto [cause, remedy] = adviceOn(status, error);
    auto what = "the token endpoint answered " + std::to_string(status);
    if (!error.empty()) what.append(" ").append(error);
    if (!cause.empty()) what.append(": ").append(cause);
    if (remedy.empty()) return Error{fault, std::move(what)};
    return withRemedy(fault, std::move(what), std::string(remedy));
  }
  auto token = readLogin(login, response, body, now);
  if (token && !isBearer(textAt(answer, "token_type"))) {
    return Error{Fault::LoginFailed,
                 "the token endpoint returned a token of another type than Bearer, which is the "
                 "only supported type"};
  }
  if (token) token->cookies.clear();  // they belong to the endpoint
  return token;
}

bool suggestsOtherAuth(const upstream::Response& response, const Secret& body) {
  if (response.status != 400 && response.status != 401) return false;
  const auto error = errorIn(parse(body));
  return error.empty() || error == "invalid_client" || error == "invalid_request" ||
         (error == "unauthorized_client" && response.status == 401);
}

}  // namespace postern::session
