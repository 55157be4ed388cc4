#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/flags.h"
#include "config/inject.h"
#include "config/syntax.h"
#include "config/units.h"

namespace postern::config {

// Reads the values of flags and environment as the expected types. A field whose setting is missing
// or invalid keeps its value.
class SettingsReader {
 public:
  // `files` receives each path that is read.
  SettingsReader(const Settings& settings, std::vector<ConfigError>& errors,
                 std::vector<Path>& files)
      : settings_(settings), errors_(errors), files_(files) {}

  bool has(std::string_view flag) const { return settings_.find(flag) != settings_.end(); }

  void addError(std::string_view flag, std::string what) {
    errors_.push_back({settings_.find(flag)->second.where, "", std::move(what)});
  }

  void boolean(std::string_view flag, bool& field) {
    const auto* value = find(flag);
    if (value == nullptr) return;
    if (*value == "true" || *value == "false") {
      field = *value == "true";
    } else {
      addError(flag, "is neither true nor false, expected one of them");
    }
  }

  void duration(std::string_view flag, milliseconds& field, Range<milliseconds> range) {
    const auto* value = find(flag);
    if (value == nullptr) return;
    std::string wrong;
    field = readDuration(*value, range, wrong).value_or(field);
    if (!wrong.empty()) addError(flag, wrong);
  }

  void number(std::string_view flag, std::uint32_t& field, Range<std::size_t> range) {
    const auto* value = find(flag);
    if (value == nullptr) return;
    std::string wrong;
    if (const auto number = readNumber(*value, range, wrong)) {
      field = static_cast<std::uint32_t>(*number);
    }
    if (!wrong.empty()) addError(flag, wrong);
  }

  void size(std::string_view flag, std::size_t& field, Range<std::size_t> range) {
    const auto* value = find(flag);
    if (value == nullptr) return;
    std::string wrong;
    field = readSize(*value, range, wrong).value_or(field);
    if (!wrong.empty()) addError(flag, wrong);
  }

  void path(std::string_view flag, Path& field) {
    if (const auto* value = text(flag)) field = files_.emplace_back(*value);
  }

  void checked(std::string_view flag, std::string& field,
               std::string (*mistake)(std::string_view)) {
    const auto* value = text(flag);
    if (value == nullptr) return;
    if (auto wrong = mistake(*value); !wrong.empty()) return addError(flag, wrong);
    field = *value;
  }

  template <typename T>
  void choice(std::string_view flag, T& field,
              std::initializer_list<std::pair<std::string_view, T>> choices) {
    const auto* value = text(flag);
    if (value == nullptr) return;
    std::string expected;
    for (const auto& [name, choice] : choices) {
      if (name == *value) {
        field = choice;
        return;
      }
      expected += (expected.empty() ? "" : ", ") + std::string(name);
    }
    addError(flag, "is unknown, expected one of " + expected);
  }

  // A value that is not empty and contains no control character.
  const std::string* text(std::string_view flag) {
    const auto* value = find(flag);
    if (value == nullptr) return nullptr;
    if (!value->empty() && !hasControlCharacter(*value)) return value;
    addError(flag, value->empty() ? "is empty, expected a value"
                                  : "holds a control character, expected text of one line");
    return nullptr;
  }

 private:
  const std::string* find(std::string_view flag) const {
    const auto setting = settings_.find(flag);
    return setting == settings_.end() ? nullptr : &setting->second.values.front();
  }

  const Settings& settings_;
  std::vector<ConfigError>& errors_;
  std::vector<Path>& files_;
};

// Reads the flags of `postern inject`, and checks how they depend on each other.
Inject readInject(SettingsReader& reader, const Settings& settings,
                  std::vector<ConfigError>& errors);

}  // namespace postern::config
