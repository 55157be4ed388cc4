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

// One login: makes the request and interprets the answer. Pure.
namespace postern::session {

inline constexpr std::size_t kLoginAnswerLimit = 64U << 10;  // bytes, decoded

struct Token {
  Secret value;
  std::chrono::milliseconds life;    // from the moment of the answer
  std::vector<Cookie> cookies = {};  // other cookies of the answer, sent with the token
};

// `url_path` is the path of the target's url; the login's own path follows it.
upstream::Request makeLogin(const config::Login& login, std::string_view url_path,
                            const credentials::Credential& credential);
// Each page carries `header` with `value`.
upstream::Request makeLogout(const config::Logout& logout, std::string_view url_path,
                             const std::string& header, const Secret& value);

// Whether a successful login may have that status: any 2xx, a redirect (302, 303) when a header or
// cookie has the token, and those of `success`.
bool mayBeSuccess(const config::Login& login, int status);
// Whether the status alone rejects the credential: those of `rejected`, and each 4xx that may be
// about the credential. 404, 405 and 408 are not, and 429 is throttled.
bool isRejection(const config::Login& login, int status);

// Errors: LoginRejected (also a success without a token), LoginThrottled (with the answer's
// Retry-After, if it has one) and LoginFailed; none quotes the answer. `now` replaces a missing
// Date.
Result<Token> readLogin(const config::Login& login, const upstream::Response& response,
                        const Secret& body, SystemTime now, const CookieScope& scope = {});

// Sets the header "Name: value with {{token}}" of a request.
void setSecretHeader(upstream::Request& request, std::string_view send_as, const Secret& token);
// "Basic base64(user:password)", RFC 7617.
Secret basicAuthorization(const credentials::Credential& credential);

}  // namespace postern::session
