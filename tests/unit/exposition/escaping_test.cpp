#include "exposition/escaping.h"

#include <gtest/gtest.h>

namespace postern::exposition {
namespace {

std::string metric(std::string_view name, Escaping escaping) {
  std::string out = "<";
  appendMetricName(out, name, escaping);
  return out.substr(1);
}

std::string label(std::string_view name, Escaping escaping) {
  std::string out = "<";
  appendLabelName(out, name, escaping);
  return out.substr(1);
}

// From prometheus/common, model.EscapeName, and from the specification of the escaping schemes.
TEST(EscapingTest, WritesMetricNamesAsPrometheusDoes) {
  const auto becomes = [](std::string_view name, std::string_view underscores,
                          std::string_view dots, std::string_view values) {
    SCOPED_TRACE(name);
    EXPECT_EQ(metric(name, Escaping::Underscores), underscores);
    EXPECT_EQ(metric(name, Escaping::Dots), dots);
    EXPECT_EQ(metric(name, Escaping::Values), values);
  };

  becomes("", "", "", "");
  // Names that need no quotes
  becomes("no:escaping_required", "no:escaping_required", "no:escaping__required",
          "no:escaping_required");
  becomes("_", "_", "__", "_");
  // Names that need quotes
  becomes("mysystem.prod.west.cpu.load_total", "mysystem_prod_west_cpu_load_total",
          "mysystem_dot_prod_dot_west_dot_cpu_dot_load__total",
          "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load__total");
  becomes("http.status:sum", "http_status:sum", "http_dot_status:sum", "U__http_2e_status:sum");
  becomes("metric.name/with/slashes", "metric_name_with_slashes", "metric_dot_name__with__slashes",
          "U__metric_2e_name_2f_with_2f_slashes");
  becomes("a-b", "a_b", "a__b", "U__a_2d_b");
  // A leading digit
  becomes("0abc", "_abc", "__abc", "U___30_abc");
  becomes("a0", "a0", "a0", "a0");
  // Multi-byte characters
  becomes("label with \xf0\x9f\x98\xb1", "label_with__", "label__with____",
          "U__label_20_with_20__1f631_");
  becomes("\xe8\x8a\xb1\xe7\x81\xab", "__", "____", "U___82b1__706b_");
  becomes("label with \xc4\x80", "label_with__", "label__with____", "U__label_20_with_20__100_");
  becomes("a\nb\"\\", "a_b__", "a__b____", "U__a_a_b_22__5c_");
}

TEST(EscapingTest, LeavesNoColonInALabelName) {
  EXPECT_EQ(label("a:b", Escaping::Underscores), "a_b");
  EXPECT_EQ(label("a:b", Escaping::Dots), "a__b");
  EXPECT_EQ(label("a:b", Escaping::Values), "U__a_3a_b");
  EXPECT_EQ(label("a:b", Escaping::AllowUtf8), "a:b");
}

TEST(EscapingTest, WritesLabelNamesLikeMetricNamesOtherwise) {
  EXPECT_EQ(label("", Escaping::Values), "");
  EXPECT_EQ(label("plain_name", Escaping::Underscores), "plain_name");
  EXPECT_EQ(label("plain_name", Escaping::Values), "plain_name");
  EXPECT_EQ(label("http.status_code", Escaping::Underscores), "http_status_code");
  EXPECT_EQ(label("http.status_code", Escaping::Dots), "http_dot_status__code");
  EXPECT_EQ(label("http.status_code", Escaping::Values), "U__http_2e_status__code");
  EXPECT_EQ(label("1a", Escaping::Underscores), "_a");
}

TEST(EscapingTest, EscapesForQuotesWhereUtf8IsAllowed) {
  EXPECT_EQ(metric("plain", Escaping::AllowUtf8), "plain");
  EXPECT_EQ(metric("my.metric \xf0\x9f\x98\xb1", Escaping::AllowUtf8),
            "my.metric \xf0\x9f\x98\xb1");
  EXPECT_EQ(metric("a\"b\\c\nd", Escaping::AllowUtf8), "a\\\"b\\\\c\\nd");
  EXPECT_EQ(label("a\"b\\c\nd", Escaping::AllowUtf8), "a\\\"b\\\\c\\nd");
}

TEST(EscapingTest, EndsWithTheNameThatIsCutInsideACharacter) {
  EXPECT_EQ(metric("a\xf0\x9f", Escaping::Underscores), "a_");
  EXPECT_EQ(metric("a\xe8", Escaping::Dots), "a__");
}

}  // namespace
}  // namespace postern::exposition
