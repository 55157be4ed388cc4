#include "base/token.h"

#include <algorithm>
#include <array>

namespace postern {
namespace {

constexpr std::array<bool, 256> kTokenBytes = [] {
  std::array<bool, 256> bytes{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    bytes[static_cast<unsigned char>(c)] = true;
  }
  return bytes;
}();

}  // namespace

bool tokenByte(char c) {
  return kTokenBytes[static_cast<unsigned char>(c)];
}

bool token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), tokenByte);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace postern
