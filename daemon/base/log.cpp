#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/printable.h"

namespace postern::log {
namespace {

LineFormat line_format = LineFormat::Logfmt;

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

// A line in a fixed buffer, without allocation.
class FixedLine {
 public:
  FixedLine& operator<<(std::string_view text) {
    const auto count = std::min(text.size(), bytes_.size() - used_);
    std::copy_n(text.begin(), count, bytes_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += count;
    return *this;
  }
  // Pads with leading zeros to `width`.
  void number(int value, std::size_t width) {
    std::array<char, 12> digits{};
    const auto* const end = std::to_chars(digits.begin(), digits.end(), value).ptr;
    const auto count = static_cast<std::size_t>(end - digits.data());
    for (std::size_t i = count; i < width; ++i) *this << "0";
    *this << std::string_view(digits.data(), count);
  }
  void writeTo(int descriptor) const {
    // A failed write of the log cannot be reported.
    [[maybe_unused]] const auto written = ::write(descriptor, bytes_.data(), used_);
  }

 private:
  std::array<char, 256> bytes_{};
  std::size_t used_ = 0;
};

// In spdlog's format.
void appendTime(FixedLine& line, std::chrono::system_clock::time_point now) {
  using namespace std::chrono;
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(floor<milliseconds>(now - day));
  line.number(static_cast<int>(date.year()), 4);
  line << "-";
  line.number(static_cast<int>(static_cast<unsigned>(date.month())), 2);
  line << "-";
  line.number(static_cast<int>(static_cast<unsigned>(date.day())), 2);
  line << "T";
  line.number(static_cast<int>(time.hours().count()), 2);
  line << ":";
  line.number(static_cast<int>(time.minutes().count()), 2);
  line << ":";
  line.number(static_cast<int>(time.seconds().count()), 2);
  line << ".";
  line.number(static_cast<int>(time.subseconds().count()), 3);
  line << "Z";
}

}  // namespace

void configure(Level level, LineFormat format) {
  line_format = format;
  sink().set_level(spdlogLevel(level));
  // spdlog writes the time stamp, in UTC; write() formats the rest of the line.
  sink().set_pattern(format == LineFormat::Logfmt ? "ts=%Y-%m-%dT%H:%M:%S.%eZ%v"
                                                  : R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ"%v})",
                     spdlog::pattern_time_type::utc);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  spdlog::logger& logger = sink();
  const auto spd = spdlogLevel(level);
  if (!logger.should_log(spd)) return;
  const auto append = line_format == LineFormat::Logfmt ? appendLogfmt : appendJson;
  std::string line;
  append(line, "level", levelName(level));
  append(line, "msg", message);
  for (const Field& field : fields) append(line, field.key, field.value);
  logger.log(spd, spdlog::string_view_t(line.data(), line.size()));
}

void warnInSignal(std::string_view message, std::string_view key, std::string_view value) {
  if (!sink().should_log(spdlog::level::warn)) return;
  const bool logfmt = line_format == LineFormat::Logfmt;
  FixedLine line;
  line << (logfmt ? "ts=" : R"({"ts":")");
  appendTime(line, std::chrono::system_clock::now());
  line << (logfmt ? R"( level=warn msg=")" : R"(","level":"warn","msg":")") << message;
  line << (logfmt ? R"(" )" : R"(",")") << key << (logfmt ? "=" : R"(":")") << value;
  line << (logfmt ? "\n" : "\"}\n");
  line.writeTo(STDERR_FILENO);
}

}  // namespace postern::log
