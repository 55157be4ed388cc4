#pragma once

#include <string_view>
#include <vector>

namespace postern::config {

// The name among `names` (not empty) that takes the fewest typing mistakes to become
// `word`: Levenshtein's distance, the first of equals. The view is one of `names`.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& names);
// Whether somebody who wrote `word` may well have meant `name`.
bool resembles(std::string_view word, std::string_view name);

}  // namespace postern::config
