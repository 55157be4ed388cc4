#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>

#include "base/printable.h"

namespace postern::log {
namespace {

Format line_format = Format::Logfmt;

spdlog::logger& sink() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("postern",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum spdlogLevel(Level level) {
  switch (level) {
    case Level::Debug: return spdlog::level::debug;
    case Level::Info: return spdlog::level::info;
    case Level::Warn: return spdlog::level::warn;
    case Level::Error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view levelName(Level level) {
  constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

bool plain(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == '"' || byte == '=' || byte == '\\' || byte >= 0x7f) return false;
  }
  return true;
}

void appendLogfmt(std::string& line, std::string_view key, std::string_view value) {
  line += ' ';
  line += key;
  line += '=';
  line += plain(value) ? std::string(value) : quoteJson(value);
}

void appendJson(std::string& line, std::string_view key, std::string_view value) {
  line += ',';
  line += quoteJson(key);
  line += ':';
  line += quoteJson(value);
}

}  // namespace

void configure(Level level, Format format) {
  line_format = format;
  sink().set_level(spdlogLevel(level));
  // The time stamp is spdlog's, in UTC; the rest of the line is ours.
  sink().set_pattern(format == Format::Logfmt ? "ts=%Y-%m-%dT%H:%M:%S.%eZ%v"
                                              : R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ"%v})",
                     spdlog::pattern_time_type::utc);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  spdlog::logger& logger = sink();
  const auto spd = spdlogLevel(level);
  if (!logger.should_log(spd)) return;
  const auto append = line_format == Format::Logfmt ? appendLogfmt : appendJson;
  std::string line;
  append(line, "level", levelName(level));
  append(line, "msg", message);
  for (const Field& field : fields) append(line, field.key, field.value);
  logger.log(spd, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace postern::log
