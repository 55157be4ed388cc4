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

// Whether a path is in a list as Behaviour writes them.
bool names(std::string_view list, std::string_view path);

// Who may log in, and the tokens that are out. Not thread-safe.
class Accounts {
 public:
  enum class Login { Good, WrongPassword, PasswordChangeRequired, Throttled };
  enum class Access { Granted, NoToken, RoleTooSmall };

  struct Request {
    std::string authorization;  // the header as it came
    std::string new_password;   // of the body, or empty
    std::string address;        // of the client; the limiter counts by it
  };
  struct Token {
    std::string text;
    Moment expires;
  };

  // A new password that is accepted is written to `behaviour`. `token` is set when the login is
  // good.
  Login login(const Request& request, Behaviour& behaviour, Moment now, Token& token);
  Access access(const std::string& authorization, const std::string& path,
                const Behaviour& behaviour, Moment now) const;
  // Returns whether that token was good.
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
