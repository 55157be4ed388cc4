#include "serve/page.h"

#include <gtest/gtest.h>

namespace postern::serve {
namespace {

using namespace std::chrono_literals;

TEST(ScrapeTimeTest, TakesTheSmallerOfTheTwoTimeouts) {
  const auto gives = [](std::string_view header, std::chrono::milliseconds time) {
    SCOPED_TRACE(header);
    EXPECT_EQ(scrapeTime(header, 10s, 500ms), time);
  };
  // Less the offset
  gives("5", 4500ms);
  gives("2.5", 2s);
  // Never more than half of it
  gives("0.5", 250ms);
  gives("0.001", 1ms);
  // The target's own is smaller
  gives("60", 10s);
  gives("1e300", 10s);
  // No positive number
  for (const char* header : {"", "0", "-1", "ten", "5s", "NaN", "inf", " 5"}) gives(header, 10s);
}

}  // namespace
}  // namespace postern::serve
