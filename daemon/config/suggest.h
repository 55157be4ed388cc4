#pragma once

#include <string_view>
#include <vector>

namespace postern::config {

// The name among `names` (not empty) with the smallest Levenshtein distance to `word`; the first of
// equal ones. The view is one of `names`.
std::string_view suggest(std::string_view word, const std::vector<std::string_view>& names);
// Whether `word` is probably a misspelled `name`.
bool resembles(std::string_view word, std::string_view name);

}  // namespace postern::config
