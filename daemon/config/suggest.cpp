#include "config/suggest.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <numeric>

namespace postern::config {
namespace {

// Keys and flags are far shorter. The bound limits the time that a hostile file costs.
constexpr std::size_t kLongestWord = 64;

std::size_t distance(std::string_view from, std::string_view to) {
  from = from.substr(0, kLongestWord);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string_view suggest(std::string_view word, const std::vector<std::string_view>& names) {
  assert(!names.empty());
  return *std::min_element(names.begin(), names.end(),
                           [&](auto a, auto b) { return distance(word, a) < distance(word, b); });
}

bool resembles(std::string_view word, std::string_view name) {
  return distance(word, name) <= std::max<std::size_t>(2, std::max(word.size(), name.size()) / 3);
}

}  // namespace postern::config
