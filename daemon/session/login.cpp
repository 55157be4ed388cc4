#include "session/login.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/date.h"
#include "base/encoding.h"
#include "base/text.h"
#include "session/cookie.h"
#include "session/form.h"

namespace postern::session {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr seconds kDefaultLife = std::chrono::hours(1);  // when the service reports no expiry

// Appends `text` to `out`. Replaces each {{name}} by what `value` appends for it.
template <typename Value>
void expand(std::string_view text, Secret& out, Value value) {
  while (true) {
    const auto open = text.find("{{");
    const auto close = open == text.npos ? open : text.find("}}", open);
    if (close == text.npos) break;
    out.append(text.substr(0, open));
    value(text.substr(open + 2, close - open - 2), out);
    text.remove_prefix(close + 2);
  }
  out.append(text);
}

std::string_view placeholder(const credentials::Credential& credential, std::string_view name) {
  if (name == "username") return credential.username;
  if (name == "password") return credential.password.reveal();
  return {};
}

// Appends the content of a JSON string, without the quotes.
void appendJsonEscaped(std::string_view text, Secret& out) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      const char escaped[] = {'\\', c};
      out.append({escaped, 2});
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00" + encodeHex({&c, 1}));
    } else {
      out.append({&c, 1});
    }
  }
}

void setFormBody(upstream::Request& request, const config::Pairs& form,
                 const credentials::Credential& credential) {
  request.content_type = kFormType;
  for (const auto& [key, value] : form) {
    Secret plain;
    expand(value, plain,
           [&](std::string_view name, Secret& out) { out.append(placeholder(credential, name)); });
    appendField(key, plain.reveal(), request.body);
  }
}

// The errors of OAuth2 (RFC 6749 section 5.2) that another attempt does not fix.
bool rejectedByOauth(const nlohmann::json& answer) {
  constexpr std::array<std::string_view, 3> kRejections = {"invalid_client", "invalid_grant",
                                                           "unauthorized_client"};
  if (!answer.is_object() || !answer.contains("error") || !answer["error"].is_string())
    return false;
  return std::ranges::count(kRejections, answer["error"].get_ref<const std::string&>()) > 0;
}

bool wantsPasswordChange(const nlohmann::json& answer) {
  constexpr int kPasswordChangeRequired = 1024;  // of errors[0].code
  const auto code = nlohmann::json::json_pointer("/errors/0/code");
  return answer.is_object() && answer.contains(code) && answer[code] == kPasswordChangeRequired;
}

std::optional<seconds> retryAfter(const upstream::Response& response, SystemTime now) {
  const auto text = response.header("retry-after");
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= 0) return seconds(value);
  const auto date = parseHttpDate(text);
  if (!date) return std::nullopt;
  return std::max(seconds(0), std::chrono::ceil<seconds>(*date - now));
}

// A refusal that may be about the credential or about the login request.
Error wrongOrOther(std::string what) {
  what += ": user or password is wrong, or the service expects a different login";
  Error error{Fault::LoginRejected, std::move(what)};
  error.remedy =
      "write a user and password that the service accepts (postern notices the change at once); if "
      "they are right, compare the login (url, method, body, token) with what the service "
      "expects";
  return error;
}

std::string answered(const upstream::Response& response) {
  return "the login answered " + std::to_string(response.status);
}

bool contains(const std::vector<int>& statuses, int status) {
  return std::ranges::count(statuses, status) > 0;
}

bool isSuccess(const config::Login& login, int status) {
  return login.success.empty() ? mayBeSuccess(login, status) : contains(login.success, status);
}

std::optional<Error> refusal(const config::Login& login, const upstream::Response& response,
                             const nlohmann::json& answer, SystemTime now) {
  const int status = response.status;
  const bool rejected = isRejection(login, status);
  if (status == 429 && !rejected) {
    return Error{Fault::LoginThrottled, answered(response) + ": too many requests", "",
                 retryAfter(response, now)};
  }
  if (status >= 500 && !rejected) return std::nullopt;
  if (wantsPasswordChange(answer)) {
    return Error{Fault::LoginRejected,
                 answered(response) +
                     ": the service requires a change of this user's first password; change it at "
                     "the service, then in the source of the credential",
                 "",
                 {},
                 {},
                 Detail::PasswordChange};
  }
  if (status == 401 || status == 403 || rejectedByOauth(answer)) {
    return Error{Fault::LoginRejected,
                 answered(response) + ": user or password is wrong, or the user may not log in"};
  }
  if (!rejected) return std::nullopt;
  return wrongOrOther(answered(response));
}

// A string, or a number as text. Not set when the place is empty or has another type.
std::optional<Secret> valueAt(const config::AnswerPlace& place, const upstream::Response& response,
                              const nlohmann::json& answer) {
  if (!place.header.empty()) {
    const auto value = response.header(lowered(place.header));
    if (value.empty()) return std::nullopt;
    return Secret(value);
  }
  const nlohmann::json::json_pointer pointer(place.json);
  if (answer.is_discarded() || !answer.contains(pointer)) return std::nullopt;
  const auto& value = answer[pointer];
  if (value.is_string()) return Secret(value.get_ref<const std::string&>());
  if (value.is_number()) return Secret(value.dump());
  return std::nullopt;
}

std::string describe(const config::AnswerPlace& place) {
  if (place.whole_json) return "as the whole JSON";
  return place.header.empty() ? "at " + place.json : "in the header " + place.header;
}

// Many logins answer a wrong password with 200 and an error, or with their form again. If such an
// answer were retried like a service that is down, it would lock the account.
Error withoutToken(const config::Login& login, const upstream::Response& response,
                   bool successful) {
  if (!successful && !mayBeSuccess(login, response.status)) {
    return {Fault::LoginFailed, answered(response)};
  }
  std::string what = answered(response);
  if (!successful) {
    what += ", which success does not list";
  } else if (!login.token.cookie.empty()) {
    what += fmt::format(" without the cookie {} that has the token", login.token.cookie);
  } else {
    what += " without a token " + describe(login.token);
  }
  return wrongOrOther(std::move(what));
}

std::optional<SystemTime> parseExpiry(std::string_view text) {
  const auto timestamp = parseTimestamp(text);
  return timestamp ? timestamp : parseHttpDate(text);
}

Result<milliseconds> readLife(const config::Login& login, const upstream::Response& response,
                              const nlohmann::json& answer, SystemTime now) {
  if (!login.expires) return milliseconds(kDefaultLife);
  const auto value = valueAt(*login.expires, response, answer);
  if (!value || value->empty()) return milliseconds(kDefaultLife);
  const auto text = value->reveal();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr double kCenturyInSeconds = 3.2e9;
  if (error == std::errc() && end == text.data() + text.size()) {
    if (number <= 0) return milliseconds(kDefaultLife);  // servers send 0 or -1 for "unknown"
    if (number < kCenturyInSeconds)
      return milliseconds(static_cast<milliseconds::rep>(number * 1000));
  } else if (const auto expires = parseExpiry(text)) {
    // By the service's own clock, so that this machine's clock may be wrong.
    const auto answered_at = parseHttpDate(response.header("date")).value_or(now);
    const auto life = std::chrono::duration_cast<milliseconds>(*expires - answered_at);
    if (life.count() > 0) return life;
    return Error{Fault::LoginFailed, "the login returned a token that has expired already"};
  }
  return Error{Fault::LoginFailed,
               fmt::format("the login's expiry {} is neither a date nor seconds from now",
                           describe(*login.expires))};
}

}  // namespace

bool mayBeSuccess(const config::Login& login, int status) {
  const bool may_redirect = !login.token.inBody();
  return (status >= 200 && status < 300) || (may_redirect && (status == 302 || status == 303)) ||
         contains(login.success, status);
}

bool isRejection(const config::Login& login, int status) {
  if (contains(login.rejected, status)) return true;
  return status >= 400 && status < 500 && status != 404 && status != 405 && status != 408 &&
         status != 429;
}

Secret basicAuthorization(const credentials::Credential& credential) {
  Secret pair(credential.username);
  pair.append(":");
  pair.append(credential.password.reveal());
  Secret value("Basic ");
  value.append(encodeBase64(pair).reveal());
  return value;
}

void setSecretHeader(upstream::Request& request, std::string_view send_as, const Secret& token) {
  const auto colon = send_as.find(':');
  request.secret_header = send_as.substr(0, colon);
  send_as.remove_prefix(colon + 1);
  send_as.remove_prefix(std::min(send_as.find_first_not_of(' '), send_as.size()));
  request.secret_value.wipe();
  expand(send_as, request.secret_value,
         [&](std::string_view, Secret& out) { out.append(token.reveal()); });
}

upstream::Request makeLogin(const config::Login& login, std::string_view url_path,
                            const credentials::Credential& credential) {
  upstream::Request request;
  request.method = login.method;
  request.path = std::string(url_path) + login.url;
  request.headers = {{"Accept", login.token.cookie.empty() ? "application/json" : "*/*"}};
  // If a cookie has token and expiry, the length of the page with it does not matter.
  const bool read = login.token.cookie.empty() || (login.expires && login.expires->inBody());
  request.body_limit = read ? kLoginAnswerLimit : 0;
  request.any_status_body = true;
  request.once = true;
  if (login.basic_auth) {
    request.secret_header = "Authorization";
    request.secret_value = basicAuthorization(credential);
  }
  if (!login.form.empty()) setFormBody(request, login.form, credential);
  if (!login.json_body.empty()) {
    request.content_type = "application/json";
    expand(login.json_body, request.body, [&](std::string_view name, Secret& out) {
      appendJsonEscaped(placeholder(credential, name), out);
    });
  }
  return request;
}

upstream::Request makeLogout(const config::Logout& logout, std::string_view url_path,
                             const std::string& header, const Secret& value) {
  upstream::Request request;
  request.method = logout.method;
  request.path = std::string(url_path) + logout.url;
  request.body_limit = kLoginAnswerLimit;
  request.secret_header = header;
  request.secret_value = value;
  return request;
}

Result<Token> readLogin(const config::Login& login, const upstream::Response& response,
                        const Secret& body, SystemTime now, const CookieScope& scope) {
  const auto answer = nlohmann::json::parse(body.reveal(), nullptr, /*allow_exceptions=*/false);
  if (auto refused = refusal(login, response, answer, now)) return *std::move(refused);
  auto cookies = readCookies(response, scope, now);
  const auto* of_token = findCookie(cookies, login.token.cookie, scope.page_path);
  const auto cookie = of_token != nullptr ? std::optional(*of_token) : std::nullopt;
  std::erase_if(cookies, [&](const Cookie& other) { return other.name == login.token.cookie; });
  auto token = cookie ? std::optional(cookie->value) : valueAt(login.token, response, answer);
  const bool successful = isSuccess(login, response.status);
  if (!successful || !token || token->empty()) return withoutToken(login, response, successful);
  // A token goes into a header: RFC 9110 section 5.5 allows no control characters there.
  if (hasControlCharacter(token->reveal())) {
    return Error{Fault::LoginFailed, "the login returned a token with control characters"};
  }
  if (cookie && !isCookieValue(token->reveal())) {
    return Error{Fault::LoginFailed,
                 "the login returned a cookie with invalid bytes (RFC 6265, section 4.1.1)"};
  }
  if (cookie && cookie->life && !login.expires) {
    return Token{*std::move(token), *cookie->life, std::move(cookies)};
  }
  TRY(auto life, readLife(login, response, answer, now));
  return Token{*std::move(token), life, std::move(cookies)};
}

}  // namespace postern::session
