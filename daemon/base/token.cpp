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

// Looks at all of it without asking at each byte whether to go on, so that many go at a time.
bool isFieldValue(std::string_view text) {
  unsigned char control = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    control |= static_cast<unsigned char>((byte < 0x20 && byte != '\t') || byte == 0x7f);
  }
  return control == 0;
}

bool isChunkExtension(std::string_view text) {
  const auto extension = trimmed(text);
  return (extension.empty() || extension.front() == ';') && isFieldValue(extension);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace postern
