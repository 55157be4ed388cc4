#include "base/date.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

// RFC 9110 section 5.6.7
const SystemTime kOfTheRfc =
    std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;

TEST(DateTest, WritesWholeSecondsInUtc) {
  const auto writes = [](SystemTime time, std::string_view as_rfc3339, std::string_view as_http) {
    EXPECT_EQ(rfc3339(time), as_rfc3339);
    EXPECT_EQ(httpDate(time), as_http);
  };

  writes(kOfTheRfc, "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT");
  writes(SystemTime(), "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT");
  writes(SystemTime(-1s), "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT");
  writes(std::chrono::sys_days(std::chrono::year(2028) / 2 / 29) + 999'999us,
         "2028-02-29T00:00:00Z", "Tue, 29 Feb 2028 00:00:00 GMT");
  // The last microsecond of a day
  writes(std::chrono::sys_days(std::chrono::year(2071) / 5 / 8) - 1us, "2071-05-07T23:59:59Z",
         "Thu, 07 May 2071 23:59:59 GMT");
  // The range of the clock; its end also means "no expiry"
  writes(SystemTime::max(), "2262-04-11T23:47:16Z", "Fri, 11 Apr 2262 23:47:16 GMT");
  writes(SystemTime::min(), "1677-09-21T00:12:43Z", "Tue, 21 Sep 1677 00:12:43 GMT");
}

TEST(DateTest, ReadsWhatItWrites) {
  for (auto day = std::chrono::sys_days(std::chrono::year(1899) / 12 / 28);
       day < std::chrono::sys_days(std::chrono::year(2101) / 1 / 5); day += std::chrono::days(13)) {
    const SystemTime last = day + 24h - 1s;
    ASSERT_EQ(parseTimestamp(rfc3339(day)), SystemTime(day));
    ASSERT_EQ(parseTimestamp(rfc3339(last)), last);
    ASSERT_EQ(parseHttpDate(httpDate(last)), last);
  }
}

TEST(DateTest, ReadsTimestampsWithAndWithoutZone) {
  const auto reads = [](std::string_view text, SystemTime time) {
    EXPECT_EQ(parseTimestamp(text), std::optional(time)) << text;
  };
  reads("1994-11-06T08:49:37Z", kOfTheRfc);
  reads("1994-11-06t08:49:37z", kOfTheRfc);
  reads("1994-11-06 08:49:37", kOfTheRfc);
  reads("1994-11-06 08:49:37+00:00", kOfTheRfc);
  reads("1994-11-06T08:49:37.123456Z", kOfTheRfc);
  reads("1994-11-06T08:49:37,5 UTC", kOfTheRfc);
  reads("1994-11-06T10:49:37+02:00", kOfTheRfc);
  reads("1994-11-06T10:49:37+0200", kOfTheRfc);
  reads("1994-11-06T00:49:37-08", kOfTheRfc);
  reads("1994-11-06T08:49:37 GMT", kOfTheRfc);
  for (const std::string_view text :
       {"", "soon", "1994-11-06", "1994-11-06T08:49Z", "1994-13-06T08:49:37Z",
        "1994-02-29T08:49:37Z", "1994-11-06T24:49:37Z", "1994-11-06T08:49:37 CET",
        "1994-11-06T08:49:37+1", "94-11-06T08:49:37Z", "1994-11-06T08:49:37Z "}) {
    EXPECT_FALSE(parseTimestamp(text)) << text;
  }
}

TEST(DateTest, ReadsOneFormOfHttpDates) {
  EXPECT_EQ(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), kOfTheRfc);
  for (const std::string_view text :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 31 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parseHttpDate(text)) << text;
  }
}

TEST(DateTest, ReadsDatesOfCookiesInAnyForm) {
  const auto reads = [](std::string_view text) {
    EXPECT_EQ(parseCookieDate(text), std::optional(kOfTheRfc)) << text;
  };
  reads("Sun, 06 Nov 1994 08:49:37 GMT");
  reads("Sunday, 06-Nov-94 08:49:37 GMT");
  reads("Sun Nov  6 08:49:37 1994");
  reads("6 nov 94 8:49:37");
  reads("06 November 1994 08:49:37");
  for (const std::string_view text :
       {"", "soon", "06 Nov 1994", "08:49:37", "31 Feb 1994 08:49:37", "06 Nov 1994 24:00:00",
        "06 Nov 19945 08:49:37", "006 Nov 1994 08:49:37"}) {
    EXPECT_FALSE(parseCookieDate(text)) << text;
  }
}

}  // namespace
}  // namespace postern
