#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fake_whatsapp/behaviour.h"

namespace postern::testing {

using Moment = std::chrono::system_clock::time_point;

// Whether a path is in a list with Behaviour's syntax.
bool names(std::string_view list, std::string_view path);

// The accounts and the issued tokens. Not thread-safe.
class Accounts {
 public:
  enum class Login { Good, WrongPassword, PasswordChangeRequired, Throttled };
  enum class Access { Granted, NoToken, RoleTooSmall };

  struct Request {
    std::string authorization;  // the header as received
    std::string new_password;   // of the body, or empty
    std::string address;        // of the client; the rate limiter counts by it
  };
  struct Token {
    std::string text;
    Moment expires;
  };

  // An accepted new password is written to `behaviour`. `token` is set if the login succeeds.
  Login login(const Request& request, Behaviour& behaviour, Moment now, Token& token);
  Access access(const std::string& authorization, const std::string& path,
                const Behaviour& behaviour, Moment now) const;
  // Returns whether that token was valid.
  bool logout(const std::string& authorization, Moment now);
  void revokeAll() { valid_.clear(); }

  const std::vector<std::string>& issued() const { return issued_; }

 private:
  bool throttled(const std::string& address, const Behaviour& behaviour, Moment now);
  bool valid(const std::string& token, Moment now) const;

  std::map<std::string, Moment> valid_;  // token to expiry
  std::vector<std::string> issued_;
  std::map<std::string, std::deque<Moment>> bad_logins_;  // by address
};

}  // namespace postern::testing
