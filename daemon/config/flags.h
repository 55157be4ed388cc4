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
  std::string_view argument;  // what --help calls the value; empty for a switch
  std::string_view help;
  FlagKind kind;
  bool of_target;       // describes the only target
  bool in_environment;  // whether POSTERN_... stands for it
};

// Every flag there is, in the order of --help.
std::span<const Flag> flags();
// "target.url" is POSTERN_TARGET_URL.
std::string variableName(std::string_view flag);

// What was given for one flag, and where: "--target.url" or "POSTERN_TARGET_URL".
struct Setting {
  std::string where;
  std::vector<std::string> values;  // one, but for a flag that may be repeated
};

// By the flag's name.
using Settings = std::map<std::string, Setting, std::less<>>;

// A flag wins over its variable. Syntax, unknown flags and repetitions are complained about;
// values are not looked at. No complaint repeats a value.
Settings readFlags(const std::vector<std::string>& arguments, std::vector<Complaint>& complaints);
Settings readEnvironment(const std::vector<std::string>& environment,
                         std::vector<std::string>& warnings);

}  // namespace postern::config
