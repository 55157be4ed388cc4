#include "credentials/validate.h"

#include <algorithm>

#include "base/text.h"

namespace postern::credentials {
namespace {

constexpr std::string_view kEndsALine("\r\n\0", 3);

bool isControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

std::string_view missingField(const Credential& credential) {
  if (!credential.api_key.empty() || !credential.token.empty()) return "";
  if (credential.username.empty()) return "username";
  return credential.password.empty() ? "password" : "";
}

std::optional<std::string> forbiddenBytes(const Credential& credential, bool colon_allowed) {
  if (std::any_of(credential.username.begin(), credential.username.end(), isControl)) {
    return "the username holds a line end or another control character";
  }
  if (!colon_allowed && credential.username.find(':') != std::string::npos) {
    return "the username holds a colon, which ends a username in Basic authentication";
  }
  const auto holdsALineEnd = [](const Secret& secret) {
    return secret.reveal().find_first_of(kEndsALine) != std::string_view::npos;
  };
  if (holdsALineEnd(credential.password)) return "the password holds a line end or NUL";
  if (holdsALineEnd(credential.api_key)) return "the api_key holds a line end or NUL";
  if (holdsALineEnd(credential.token)) return "the token holds a line end or NUL";
  return std::nullopt;
}

}  // namespace postern::credentials
