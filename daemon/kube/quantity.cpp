#include "kube/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace postern::kube {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 16> kSuffixes = {{
    {"", 1},
    {"n", 1e-9},
    {"u", 1e-6},
    {"m", 1e-3},
    {"k", 1e3},
    {"M", 1e6},
    {"G", 1e9},
    {"T", 1e12},
    {"P", 1e15},
    {"E", 1e18},
    {"Ki", 0x1p10},
    {"Mi", 0x1p20},
    {"Gi", 0x1p30},
    {"Ti", 0x1p40},
    {"Pi", 0x1p50},
    {"Ei", 0x1p60},
}};

}  // namespace

std::optional<double> parseQuantity(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  if (text.empty() || text.size() > kLongest || text[0] < '.' || text[0] > '9') return std::nullopt;
  const char* const end = text.data() + text.size();
  double number = 0;
  // "1E" means exa: from_chars reads an exponent only if digits follow.
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  const auto* const found =
      std::ranges::find_if(kSuffixes, [&](const auto& each) { return each.first == suffix; });
  if (found == kSuffixes.end()) return std::nullopt;
  return number * found->second;
}

}  // namespace postern::kube
