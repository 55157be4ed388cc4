#include "exposition/timestamp.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "exposition/bytes.h"

namespace postern::exposition {
namespace {

// Above 2^53 a double cannot represent each millisecond.
constexpr std::int64_t kExact = std::int64_t{1} << 53;

}  // namespace

void appendSeconds(std::string& out, std::string_view milliseconds) {
  std::int64_t time = 0;
  std::from_chars(milliseconds.data(), milliseconds.data() + milliseconds.size(), time);
  out += std::to_string(time / 1000);
  const auto rest = static_cast<int>(time % 1000);
  const double seconds = static_cast<double>(time) / 1000;
  const bool exact = time > kExact || static_cast<std::int64_t>(seconds * 1000) == time;
  if (rest == 0 && exact) return;
  out += '.';
  for (int unit = 100; unit > 0; unit /= 10) out += static_cast<char>('0' + rest / unit % 10);
  if (!exact) out += '5';  // adds half a millisecond, so that truncation does not lose a whole one
}

bool appendMilliseconds(std::string& out, std::string_view seconds) {
  const char* begin = seconds.data();
  const char* const end = begin + seconds.size();
  if (begin != end && *begin == '+') ++begin;
  double time = 0;
  std::from_chars(begin, end, time);
  time *= 1000;
  constexpr double kMost = 9.2e18;
  if (!(time > -1) || time > kMost) return false;
  const auto point = std::find(begin, end, '.');
  if (time > static_cast<double>(kExact) && std::all_of(begin, point, isDigit)) {
    out.append(begin, point);
    for (int i = 1; i <= 3; ++i) out += end - point > i && isDigit(point[i]) ? point[i] : '0';
    return true;
  }
  out += std::to_string(static_cast<std::int64_t>(time));
  return true;
}

}  // namespace postern::exposition
