#include "relabel/unicode_case.h"

#include <clocale>
#include <cstdint>
#include <cwctype>

namespace postern::relabel {
namespace {

// Never freed, because it exists once per process. Null where libc lacks it; then only ASCII
// letters are mapped.
locale_t unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

// The code point at `at`. Moves `at` after it.
std::uint32_t take(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(at++);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  std::uint32_t point = first & (0x3fU >> more);
  for (int i = 0; i < more; ++i) point = point << 6 | (byte(at++) & 0x3f);
  return point;
}

void append(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | point >> 6);
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

template <typename Ascii, typename Wide>
std::string mapped(std::string_view text, Ascii ascii, Wide wide) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t point = take(text, at);
    if (point < 0x80 || unicode() == nullptr) {
      append(out, ascii(point));
    } else {
      append(out, static_cast<std::uint32_t>(wide(static_cast<std::wint_t>(point), unicode())));
    }
  }
  return out;
}

}  // namespace

std::string toLower(std::string_view text) {
  return mapped(
      text, [](std::uint32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }, towlower_l);
}

std::string toUpper(std::string_view text) {
  return mapped(
      text, [](std::uint32_t c) { return c >= 'a' && c <= 'z' ? c - 32 : c; }, towupper_l);
}

}  // namespace postern::relabel
