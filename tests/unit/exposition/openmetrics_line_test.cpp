#include "exposition/openmetrics_line.h"

#include <gmock/gmock.h>

#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

using ::testing::HasSubstr;

const How kLenient{.syntax = Syntax::OpenMetrics, .output = kOpenMetrics1};

// Each line is on its own page, and is parsed as Prometheus' parser does.
TEST(OpenMetricsLineTest, TakesWhatPrometheusTakes) {
  for (const std::string line : {
           "a 1",
           "a{} 1",
           "a{b=\"c\",} 1",
           "a{b=\"\"} 1",
           "a{b=\"\\\\\\\"\\n\"} 1",
           "a NaN",
           "a -Inf",
           "a +1.5e-300",
           "a 0x1p-2",
           "a 1 1.5",
           "a 1 -1",
           "a 1 1e9",
           "{\"a.b\"} 1",
           "{\"a.b\",c=\"d\"} 1",
           "{c=\"d\",\"a.b\"} 1",
           "a{\"b.c\"=\"d\"} 1",
           "a_total 1 # {} 1",
           "a_total 1 # {b=\"c\"} 1",
           "a_total{b=\"c\"} 1 2 # {b=\"c\",d=\"e\"} 1 2",
       }) {
    SCOPED_TRACE(line);
    const std::string page = line + "\n# EOF\n";
    const Checked checked = checkCut(page, kLenient);
    // Prometheus does not accept hexadecimal numbers.
    EXPECT_EQ(checked.taken, line.find("0x") == line.npos) << checked.what;
    if (checked.taken) {
      EXPECT_EQ(checked.text, page);
    }
  }
}

TEST(OpenMetricsLineTest, SaysWhatALineShouldBe) {
  struct Scene {
    std::string line;
    std::string complaint;
  };
  for (const auto& [line, complaint] : std::vector<Scene>{
           {" a 1", R"(column 1: expected a metric name, "# HELP", "# TYPE", "# UNIT" or "# EOF")"},
           {"#comment", R"(column 1: expected "# HELP", "# TYPE", "# UNIT" or "# EOF")"},
           {"# comment", R"("# HELP", "# TYPE", "# UNIT" or "# EOF")"},
           {"", "a metric name"},
           {"# HELP 1a b", "column 8: expected a metric name"},
           {"# HELP a", "column 9: expected a blank after the metric name"},
           {"# TYPE a untyped", "column 10: expected"},
           {"# TYPE a\tgauge", "column 9: expected a blank after the metric name"},
           {"# UNIT a_b c", "column 12: expected a unit that the metric's name ends in"},
           {"a  1", "column 3: expected a number"},
           {"a\t1", "column 2: expected a blank and a number"},
           {"a", "column 2: expected a blank and a number"},
           {"a 1_0", "column 3: expected a number"},
           {"a 1 ", "column 5: expected a number"},
           {"a 1 2 3", R"(column 6: expected the end of the line or an exemplar, " # {")"},
           {"a 1\r", "column 3: expected a number"},
           {"a{b=\"c\" } 1", R"(column 8: expected "," or "}" after the label)"},
           {"a{ b=\"c\"} 1", R"(column 3: expected a label name or "}")"},
           {"a{b=\"c\",,} 1", R"(column 9: expected a label name or "}")"},
           {"a{b} 1", R"(column 4: expected "=" after the label name)"},
           {"a{b=c} 1", "column 5: expected a label value in quotes"},
           {"a{b=\"c} 1", "expected a closing quote"},
           {"{b=\"c\"} 1", "column 1: expected a metric name before or in the braces"},
           {"a 1 # {b=\"c\"}", "expected a blank and a number"},
           {"a 1 # {b=\"c\" 1", R"(expected "," or "}" after the label)"},
           {"a 1 # b 1", R"(column 4: expected the end of the line or an exemplar, " # {")"},
       }) {
    SCOPED_TRACE(line);
    const Checked checked = checkCut("ok 1\n" + line + "\n# EOF\n", kLenient);
    EXPECT_FALSE(checked.taken);
    EXPECT_EQ(checked.fault, Fault::Format);
    EXPECT_THAT(checked.what, HasSubstr("line 2, "));
    EXPECT_THAT(checked.what, HasSubstr(complaint));
  }
}

TEST(OpenMetricsLineTest, WantsTheEndOnceAndLast) {
  const Checked none = checkCut("a 1\n", kLenient);
  EXPECT_FALSE(none.taken);
  EXPECT_EQ(none.fault, Fault::Truncated);
  EXPECT_THAT(none.what, HasSubstr("# EOF"));

  for (const std::string page : {"a 1\n# EOF\n# EOF\n", "a 1\n# EOF\nb 2\n"}) {
    SCOPED_TRACE(page);
    const Checked checked = checkCut(page, kLenient);
    EXPECT_FALSE(checked.taken);
    EXPECT_THAT(checked.what,
                HasSubstr(R"(line 3, column 1: expected the end of the page after "# EOF")"));
  }
  EXPECT_TRUE(checkCut("a 1\n# EOF", kLenient).taken);
}

}  // namespace
}  // namespace postern::exposition
