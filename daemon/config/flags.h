#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace postern::config {

enum class FlagKind { Switch, Value, List };

struct Flag {
  std::string_view name;      // without the dashes
  std::string_view argument;  // the value's name in --help; empty for a switch
  std::string_view help;      // --target.preset: follows the names of the presets
  FlagKind kind;
  bool of_target;       // describes the only target
  bool in_environment;  // whether a variable POSTERN_... sets it
};

// Every flag, in the order of --help.
std::span<const Flag> flags();
// "target.url" becomes POSTERN_TARGET_URL.
std::string variableName(std::string_view flag);

// The values of one flag, and their source: "--target.url" or "POSTERN_TARGET_URL".
struct Setting {
  std::string where;
  std::vector<std::string> values;  // one, unless the flag may be repeated
};

// By the flag's name.
using Settings = std::map<std::string, Setting, std::less<>>;

// A flag overrides its variable. Reports syntax errors, unknown flags and repeated flags. Does not
// check values. No error quotes a value.
Settings readFlags(const std::vector<std::string>& arguments, std::vector<ConfigError>& errors);
Settings readEnvironment(const std::vector<std::string>& environment,
                         std::vector<std::string>& warnings);

}  // namespace postern::config
