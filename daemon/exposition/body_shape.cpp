#include "exposition/body_shape.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "exposition/bytes.h"

namespace postern::exposition {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  std::string_view name;
};

constexpr std::array<Magic, 8> kCompressions = {{
    {"\x28\xb5\x2f\xfd"sv, "zstd"},
    {"\xfd\x37zXZ\0"sv, "xz"},
    {"\x04\x22\x4d\x18"sv, "lz4"},
    {"\xff\x06\0\0sNaPpY"sv, "snappy"},
    {"PK\x03\x04"sv, "zip"},
    {"\x78\x01"sv, "zlib (deflate)"},
    {"\x78\x9c"sv, "zlib (deflate)"},
    {"\x78\xda"sv, "zlib (deflate)"},
}};

// The first characters of a text: its byte order mark, or ASCII, as a pattern of zero bytes (0) and
// others (x). A longer mark precedes the shorter one that is its beginning.
struct WideText {
  std::string_view mark;
  std::string_view ascii;
  std::string_view name;
};

constexpr std::array<WideText, 4> kWideTexts = {{
    {"\xff\xfe\0\0"sv, "x000x000", "UTF-32 (little endian)"},
    {"\0\0\xfe\xff"sv, "000x000x", "UTF-32 (big endian)"},
    {"\xff\xfe"sv, "x0x0", "UTF-16 (little endian)"},
    {"\xfe\xff"sv, "0x0x", "UTF-16 (big endian)"},
}};

std::string_view compressionOf(std::string_view begin) {
  for (const Magic& compression : kCompressions) {
    if (begin.starts_with(compression.bytes)) return compression.name;
  }
  // "BZh", the size of its blocks, and the first block
  return begin.starts_with("BZh") && begin.substr(3).find("1AY&SY") == 1 ? "bzip2" : "";
}

bool hasZerosOf(std::string_view ascii, std::string_view begin) {
  const auto both_zero = [](char pattern, char byte) { return (pattern == '0') == (byte == '\0'); };
  return begin.size() >= ascii.size() &&
         std::equal(ascii.begin(), ascii.end(), begin.begin(), both_zero);
}

std::string_view encodingOf(std::string_view begin) {
  for (const WideText& wide : kWideTexts) {
    if (begin.starts_with(wide.mark) || hasZerosOf(wide.ascii, begin)) return wide.name;
  }
  return {};
}

std::optional<std::size_t> takeVarint(std::string_view& rest) {
  constexpr std::size_t kMostBytes = 5;
  std::size_t number = 0;
  for (std::size_t at = 0; at < std::min(rest.size(), kMostBytes); ++at) {
    const auto byte = static_cast<unsigned char>(rest[at]);
    number |= static_cast<std::size_t>(byte & 0x7fU) << (7 * at);
    if ((byte & 0x80U) != 0) continue;
    rest.remove_prefix(at + 1);
    return number;
  }
  return std::nullopt;
}

// A MetricFamily (io.prometheus.client) after its size: field 1 is its name, followed by the help
// (2), the type (3) or the metrics (4).
bool isMetricFamily(std::string_view begin) {
  const auto size = takeVarint(begin);
  if (!size || !begin.starts_with('\x0a')) return false;
  begin.remove_prefix(1);
  const auto name = takeVarint(begin);
  if (!name || *name == 0 || *name >= *size || begin.size() <= *name) return false;
  const auto is_of_name = [](char c) { return is(c, kMetric); };
  return std::ranges::all_of(begin.substr(0, *name), is_of_name) &&
         "\x12\x18\x22"sv.find(begin[*name]) != std::string_view::npos;
}

}  // namespace

std::string bodyShape(std::string_view begin) {
  if (begin.starts_with("\x1f\x8b")) {
    return "the body is compressed with gzip: its Content-Encoding does not say so, or it is "
           "compressed twice; correct the service or the proxy in front of it";
  }
  if (const auto name = compressionOf(begin); !name.empty()) {
    return fmt::format("the body is compressed with {}, expected gzip or no compression", name);
  }
  if (begin.starts_with("\xef\xbb\xbf")) {
    return "the body begins with a byte order mark, expected UTF-8 without one";
  }
  if (const auto name = encodingOf(begin); !name.empty()) {
    return fmt::format("the body is {}, expected UTF-8", name);
  }
  if (isMetricFamily(begin)) {
    return "the body is protobuf, expected text or OpenMetrics as the Accept header asks for";
  }
  return {};
}

}  // namespace postern::exposition
