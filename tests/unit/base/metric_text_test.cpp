#include "base/metric_text.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

TEST(MetricTextTest, KnowsPlainNames) {
  EXPECT_TRUE(isPlainMetricName("a:b_1"));
  EXPECT_FALSE(isPlainMetricName("1a"));
  EXPECT_FALSE(isPlainMetricName("a.b"));
  EXPECT_FALSE(isPlainMetricName(""));
  EXPECT_TRUE(isPlainLabelName("_a1"));
  EXPECT_FALSE(isPlainLabelName("a:b"));
  EXPECT_FALSE(isPlainLabelName("1a"));
  EXPECT_FALSE(isPlainLabelName(""));
}

TEST(MetricTextTest, EscapesLabelValuesAndHelp) {
  EXPECT_EQ(escapeLabelValue("a\\b\"c\nd"), R"(a\\b\"c\nd)");
  EXPECT_EQ(escapeHelp("a\\b\"c\nd"), R"(a\\b"c\nd)");
}

}  // namespace
}  // namespace postern
