#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/config.h"

// The configuration without its secrets, for display.
namespace postern::config {

// The keys of a target in the file's form, with every default. A secret is "<secret>", from a file
// or not. Values that may contain a secret are "<hidden>": values of http_headers and params,
// queries, and everything in a login's body except placeholders.
nlohmann::ordered_json describe(const Target& target);

// 16 hexadecimal digits that identify a configuration: two processes have the same ones if
// describe() returns the same for all targets. Secrets are left out, so the digits disclose nothing
// about them.
std::string fingerprint(const std::vector<Target>& targets);

}  // namespace postern::config
