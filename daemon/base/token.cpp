#include "base/token.h"

#include <algorithm>
#include <array>

#include "base/text.h"

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

}  // namespace postern
