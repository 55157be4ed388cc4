#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/config.h"

// The configuration as it may be shown.
namespace postern::config {

// The keys of a target as they stand in the file, with every default. A secret is "<secret>"
// whether it came from a file or not. What may hold one is "<hidden>": the values of http_headers
// and params, queries, and of a login's body all that is no placeholder.
nlohmann::ordered_json describe(const Target& target);

// 16 hexadecimal digits that tell whether two processes serve the same configuration: equal when
// what describe() says of all targets is. Secrets do not count, so nothing can be guessed from it.
std::string fingerprint(const std::vector<Target>& targets);

}  // namespace postern::config
