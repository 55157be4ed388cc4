#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

// One line per event on standard error, as logfmt or JSON:
//   ts=2026-11-02T10:00:00.000Z level=warn msg="login rejected" target=default
// Fields never contain a secret: a Secret does not convert to a field. Thread-safe.
namespace postern::log {

enum class Level { Debug, Info, Warn, Error };
enum class LineFormat { Logfmt, Json };

struct Field {
  std::string_view key;
  std::string value;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, std::integral auto v) : key(k), value(std::to_string(v)) {}
};

// Must be called before the first line; the defaults are Info and Logfmt.
void configure(Level level, LineFormat format);

void write(Level level, std::string_view message, std::initializer_list<Field> fields);
// Logs a warning with one field from a signal handler: neither allocates nor locks. Cuts the line
// at 256 bytes. Requires that configure() has been called; `value` is plain text.
void warnInSignal(std::string_view message, std::string_view key, std::string_view value);
inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::Debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::Info, message, fields);
}
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::Warn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::Error, message, fields);
}

}  // namespace postern::log
