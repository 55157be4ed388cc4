#include "fake_whatsapp/accounts.h"

#include <array>
#include <cstdio>
#include <random>
#include <sstream>

#include "Poco/Base64Decoder.h"
#include "Poco/StreamCopier.h"

namespace postern::testing {
namespace {

// The part after "<scheme> ", or empty.
std::string credentials(const std::string& authorization, std::string_view scheme) {
  if (authorization.size() <= scheme.size() + 1) return {};
  if (authorization.compare(0, scheme.size(), scheme) != 0) return {};
  if (authorization[scheme.size()] != ' ') return {};
  return authorization.substr(scheme.size() + 1);
}

std::string decodeBase64(const std::string& text) {
  std::istringstream encoded(text);
  Poco::Base64Decoder decoder(encoded);
  std::string decoded;
  Poco::StreamCopier::copyToString(decoder, decoded);
  return decoded;
}

std::string randomToken() {
  std::random_device source;
  std::array<char, 9> part{};
  std::string token = "eyJ";
  for (int i = 0; i < 8; ++i) {
    std::snprintf(part.data(), part.size(), "%08x", source());
    token += part.data();
  }
  return token;
}

}  // namespace

bool names(std::string_view list, std::string_view path) {
  if (list == "*") return true;
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (list.substr(0, comma) == path) return true;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

Accounts::Login Accounts::login(const Request& request, Behaviour& behaviour, Moment now,
                                Token& token) {
  if (throttled(request.address, behaviour, now)) return Login::Throttled;
  const std::string given = decodeBase64(credentials(request.authorization, "Basic"));
  if (given != behaviour.user + ":" + behaviour.password) {
    bad_logins_[request.address].push_back(now);
    return Login::WrongPassword;
  }
  if (behaviour.default_password) {
    if (request.new_password.empty()) return Login::PasswordChangeRequired;
    behaviour.password = request.new_password;
    behaviour.default_password = false;
  }
  token = {randomToken(), now + behaviour.token_life};
  valid_[token.text] = token.expires;
  issued_.push_back(token.text);
  return Login::Good;
}

Accounts::Access Accounts::access(const std::string& authorization, const std::string& path,
                                  const Behaviour& behaviour, Moment now) const {
  const std::string key = credentials(authorization, "Apikey");
  if (!key.empty() && key == behaviour.api_key) {
    return names(behaviour.api_key_paths, path) ? Access::Granted : Access::RoleTooSmall;
  }
  if (!valid(credentials(authorization, "Bearer"), now)) return Access::NoToken;
  return names(behaviour.forbidden, path) ? Access::RoleTooSmall : Access::Granted;
}

bool Accounts::logout(const std::string& authorization, Moment now) {
  const std::string token = credentials(authorization, "Bearer");
  const bool was_valid = valid(token, now);
  valid_.erase(token);
  return was_valid;
}

// Attempts while throttled are not counted, so the window ends regardless of further attempts.
bool Accounts::throttled(const std::string& address, const Behaviour& behaviour, Moment now) {
  if (behaviour.max_bad_logins <= 0) return false;
  auto& bad = bad_logins_[address];
  while (!bad.empty() && bad.front() + behaviour.limiter_window <= now) bad.pop_front();
  return bad.size() >= static_cast<std::size_t>(behaviour.max_bad_logins);
}

bool Accounts::valid(const std::string& token, Moment now) const {
  const auto found = valid_.find(token);
  return found != valid_.end() && now < found->second;
}

}  // namespace postern::testing
