#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/target.h"
#include "credentials/source.h"
#include "session/cookie.h"
#include "upstream/http_client.h"

// One login exchange: what is sent and what the answer means. Pure.
namespace postern::session {

inline constexpr std::size_t kLoginAnswerLimit = 64U << 10;  // bytes, decoded

struct Token {
  Secret value;
  std::chrono::milliseconds life;    // from the moment of the answer
  std::vector<Cookie> cookies = {};  // the others of the answer, which go with it
};

// `url_path` is the path of the target's url, which goes before the login's own.
upstream::Request makeLogin(const config::Login& login, std::string_view url_path,
                            const credentials::Credential& credential);
// `header` and `value` are what each page carries.
upstream::Request makeLogout(const config::Logout& logout, std::string_view url_path,
                             const std::string& header, const Secret& value);

// Whether the answer of a login that succeeded may have that status: any 2xx, a redirect (302, 303)
// when a header or cookie has the token, and those of `success`.
bool mayBeSuccess(const config::Login& login, int status);
// Whether the status alone says that the credential is rejected: those of `rejected`, and each 4xx
// that is about the credential or may be. 404, 405 and 408 are not, and 429 is throttled.
bool isRejection(const config::Login& login, int status);

// Errors: LoginRejected (also a success without a token), LoginThrottled (with the Retry-After of
// the answer, when it has one) and LoginFailed; none quotes the answer. `now` stands in for a
// missing Date.
Result<Token> readLogin(const config::Login& login, const upstream::Response& response,
                        const Secret& body, SystemTime now, const CookieScope& scope = {});

// "Name: value with {{token}}" as a header of a request.
void setSecretHeader(upstream::Request& request, std::string_view send_as, const Secret& token);
// "Basic base64(user:password)", RFC 7617.
Secret basicAuthorization(const credentials::Credential& credential);

}  // namespace postern::session
