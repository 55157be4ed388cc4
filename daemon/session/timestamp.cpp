#include <array>
#include <charconv>

#include "session/login.h"

namespace postern::session {
namespace {

// Takes numbers and literals off the front of a text; once something does not fit, nothing does.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

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
  void expect(std::string_view literals) {
    if (!skip(literals)) fail();
  }
  void skipDigits() {
    while (!text_.empty() && text_[0] >= '0' && text_[0] <= '9') text_.remove_prefix(1);
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

}  // namespace

std::optional<SystemTime> parseTimestamp(std::string_view text) {
  Reader reader(text);
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
  if (reader.skip(".")) reader.skipDigits();
  std::chrono::minutes offset{0};
  if (!reader.skip("Zz")) {
    const bool east = reader.skip("+");
    if (!east) reader.expect("-");
    const int hours = reader.number(2);
    reader.expect(":");
    offset = std::chrono::hours(hours) + std::chrono::minutes(reader.number(2));
    if (!east) offset = -offset;
  }
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
  Reader reader(text);
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

}  // namespace postern::session
