#include "base/date.h"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace postern {
namespace {

// Reads numbers and literals from the start of a text. After one mismatch all reads fail.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : text_(text) {}

  int number(std::size_t digits) {
    int value = 0;
    if (text_.size() < digits) return fail();
    for (const char c : text_.substr(0, digits)) {
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(digits);
    return value;
  }
  bool skip(std::string_view literals) {  // one of these characters
    if (text_.empty() || literals.find(text_[0]) == literals.npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool skipWord(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  void expect(std::string_view literals) {
    if (!skip(literals)) fail();
  }
  void skipDigits() {
    while (!text_.empty() && isDigit(text_[0])) text_.remove_prefix(1);
  }
  template <std::size_t N>
  int word(const std::array<std::string_view, N>& words) {
    for (std::size_t i = 0; i < N; ++i) {
      if (text_.starts_with(words[i])) {
        text_.remove_prefix(words[i].size());
        return static_cast<int>(i);
      }
    }
    return fail();
  }
  bool done() const { return good_ && text_.empty(); }

 private:
  int fail() {
    good_ = false;
    text_ = {};
    return 0;
  }

  std::string_view text_;
  bool good_ = true;
};

std::optional<SystemTime> makeTime(int year, int month, int day, int hour, int minute, int second) {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
}

// Minutes east of UTC.
std::chrono::minutes readZone(DateReader& reader) {
  reader.skip(" ");
  if (reader.done() || reader.skip("Zz")) return {};
  if (reader.skipWord("UTC") || reader.skipWord("GMT")) return {};
  const bool east = reader.skip("+");
  if (!east) reader.expect("-");
  std::chrono::minutes offset = std::chrono::hours(reader.number(2));
  if (reader.skip(":") || !reader.done()) offset += std::chrono::minutes(reader.number(2));
  return east ? offset : -offset;
}

constexpr std::array<std::string_view, 12> kMonthNames = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};

// The digits at the start, `least` to `most` of them, if no other digit follows.
std::optional<int> takeNumber(std::string_view& text, std::size_t least, std::size_t most) {
  const auto size = std::min(text.find_first_not_of("0123456789"), text.size());
  if (size < least || size > most) return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + size, value);
  text.remove_prefix(size);
  return value;
}

// The parts found so far of a date with parts in any order.
struct DateParts {
  std::optional<std::array<int, 3>> time;
  std::optional<int> day, month, year;

  void take(std::string_view token) {
    if (!time && takeTime(token)) return;
    if (!day && takeAs(day, token, 1, 2)) return;
    if (!month && takeMonth(token)) return;
    if (!year && takeAs(year, token, 2, 4) && *year < 100) *year += *year < 70 ? 2000 : 1900;
  }

 private:
  bool takeTime(std::string_view token) {
    std::array<int, 3> found{};
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto number = takeNumber(token, 1, 2);
      if (!number || (i < 2 && !token.starts_with(':'))) return false;
      found[i] = *number;
      if (i < 2) token.remove_prefix(1);
    }
    time = found;
    return true;
  }
  bool takeMonth(std::string_view token) {
    const auto found = std::ranges::find(kMonthNames, lowered(token.substr(0, 3)));
    if (found == kMonthNames.end()) return false;
    month = static_cast<int>(found - kMonthNames.begin()) + 1;
    return true;
  }
  static bool takeAs(std::optional<int>& part, std::string_view token, std::size_t least,
                     std::size_t most) {
    part = takeNumber(token, least, most);
    return part.has_value();
  }
};

// Whole seconds: Poco rounds a fraction of a day's last second up to the next day of the week.
std::string formatted(SystemTime time, const std::string& format) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch();
  const auto timestamp = Poco::Timestamp::fromEpochTime(static_cast<std::time_t>(seconds.count()));
  return Poco::DateTimeFormatter::format(timestamp, format);
}

}  // namespace

std::string rfc3339(SystemTime time) {
  return formatted(time, Poco::DateTimeFormat::ISO8601_FORMAT);
}

std::string httpDate(SystemTime time) {
  return formatted(time, Poco::DateTimeFormat::HTTP_FORMAT);
}

std::optional<SystemTime> parseTimestamp(std::string_view text) {
  DateReader reader(text);
  const int year = reader.number(4);
  reader.expect("-");
  const int month = reader.number(2);
  reader.expect("-");
  const int day = reader.number(2);
  reader.expect("Tt ");
  const int hour = reader.number(2);
  reader.expect(":");
  const int minute = reader.number(2);
  reader.expect(":");
  const int second = reader.number(2);
  if (reader.skip(".,")) reader.skipDigits();
  const auto offset = readZone(reader);
  if (!reader.done()) return std::nullopt;
  const auto local = makeTime(year, month, day, hour, minute, second);
  if (!local) return std::nullopt;
  return *local - offset;
}

std::optional<SystemTime> parseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 7> kDays = {"Mon, ", "Tue, ", "Wed, ", "Thu, ",
                                                     "Fri, ", "Sat, ", "Sun, "};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan ", "Feb ", "Mar ", "Apr ",
                                                        "May ", "Jun ", "Jul ", "Aug ",
                                                        "Sep ", "Oct ", "Nov ", "Dec "};
  DateReader reader(text);
  reader.word(kDays);
  const int day = reader.number(2);
  reader.expect(" ");
  const int month = reader.word(kMonths) + 1;
  const int year = reader.number(4);
  reader.expect(" ");
  const int hour = reader.number(2);
  reader.expect(":");
  const int minute = reader.number(2);
  reader.expect(":");
  const int second = reader.number(2);
  for (const std::string_view literal : {" ", "G", "M", "T"}) reader.expect(literal);
  if (!reader.done()) return std::nullopt;
  return makeTime(year, month, day, hour, minute, second);
}

std::optional<SystemTime> parseCookieDate(std::string_view text) {
  constexpr std::string_view kNoDelimiters =
      "0123456789:abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  DateParts parts;
  while (true) {
    const auto begin = text.find_first_of(kNoDelimiters);
    if (begin == text.npos) break;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_not_of(kNoDelimiters), text.size());
    parts.take(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (!parts.time || !parts.day || !parts.month || !parts.year) return std::nullopt;
  const auto& [hour, minute, second] = *parts.time;
  return makeTime(*parts.year, *parts.month, *parts.day, hour, minute, second);
}

}  // namespace postern
