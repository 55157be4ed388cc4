#include "exposition/family_names.h"

#include <gtest/gtest.h>

namespace postern::exposition {
namespace {

TEST(FamilyNamesTest, KnowsWhichSamplesBelongToAFamily) {
  const auto both = [](std::string_view type, std::string_view sample, bool text,
                       bool openmetrics) {
    SCOPED_TRACE(sample);
    EXPECT_EQ(belongs(Syntax::Text, "a", type, sample), text);
    EXPECT_EQ(belongs(Syntax::OpenMetrics, "a", type, sample), openmetrics);
  };

  both("gauge", "a", true, true);
  both("gauge", "a_total", false, false);
  both("gauge", "ab", false, false);
  both("", "a_sum", false, false);
  both("histogram", "a_bucket", true, true);
  both("histogram", "a_gsum", false, false);
  both("summary", "a_count", true, true);
  both("summary", "a_bucket", false, false);
  both("counter", "a_total", false, true);
  both("counter", "a_created", false, true);
  both("info", "a_info", false, true);
  both("gaugehistogram", "a_gcount", false, true);
}

TEST(FamilyNamesTest, NamesAFamilyAsOpenMetricsDoes) {
  const auto named = [](std::string_view name, std::string_view type) {
    const auto found = openMetricsName(name, type);
    return std::string(found.name).append(" ").append(found.type);
  };

  EXPECT_EQ(named("a_total", "counter"), "a counter");
  EXPECT_EQ(named("a", "counter"), "a unknown");
  EXPECT_EQ(named("_total", "counter"), "_total unknown");
  EXPECT_EQ(named("a_info", "info"), "a info");
  EXPECT_EQ(named("a_info", "gauge"), "a_info gauge");
  EXPECT_EQ(named("a", "untyped"), "a unknown");
}

TEST(FamilyNamesTest, EscapesHelpAsEachSyntaxDoes) {
  EXPECT_EQ(quoteHelp(R"(say "hi" \\ \n \x)"), R"(say \"hi\" \\ \n \\x)");
  EXPECT_EQ(unquoteHelp(R"(say \"hi\" \\ \n)"), R"(say "hi" \\ \n)");
  EXPECT_EQ(unquoteHelp(R"(ends in \)"), R"(ends in \)");
}

}  // namespace
}  // namespace postern::exposition
