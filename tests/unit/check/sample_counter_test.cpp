#include "check/sample_counter.h"

#include <gtest/gtest.h>

#include <string>

namespace postern::check {
namespace {

TEST(SampleCounterTest, CountsSamplesWhereverThePageIsCut) {
  const std::string page = "# HELP a b\n# TYPE a counter\na 1\n\na{b=\"c\"} 2\n# EOF\nlast 3";
  for (std::size_t cut = 0; cut <= page.size(); ++cut) {
    SCOPED_TRACE(cut);
    SampleCounter series;
    series.feed(std::string_view(page).substr(0, cut));
    series.feed(std::string_view(page).substr(cut));
    EXPECT_EQ(series.count(), 3U);
    EXPECT_EQ(series.bytes(), page.size());
  }
}

}  // namespace
}  // namespace postern::check
