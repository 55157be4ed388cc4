#include "exposition/page_writer.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <vector>

#include "fakes/stride.h"
#include "fakes/test_data.h"
#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

constexpr Output kText0{Syntax::Text, false, Escaping::Underscores};
constexpr Output kOpenMetrics0{Syntax::OpenMetrics, false, Escaping::Underscores};

std::string converted(std::string_view page, Syntax from, const Output& to) {
  const Checked checked = checkCut(page, {.syntax = from, .output = to});
  EXPECT_TRUE(checked.taken) << checked.what << "\n" << page;
  return checked.text;
}

std::string toOpenMetrics(std::string_view page) {
  return converted(page, Syntax::Text, kOpenMetrics1);
}

std::string toText(std::string_view page) {
  return converted(page, Syntax::OpenMetrics, kText1);
}

TEST(PageWriterTest, TurnsTextIntoOpenMetrics) {
  // Counters lose their suffix in HELP and TYPE lines; samples keep their names.
  EXPECT_EQ(toOpenMetrics("# HELP a_total h\n# TYPE a_total counter\na_total 1\n"),
            "# HELP a h\n# TYPE a counter\na_total 1\n# EOF\n");
  // A counter without the suffix would have to be renamed.
  EXPECT_EQ(toOpenMetrics("# TYPE a counter\na 1\n"), "# TYPE a unknown\na 1\n# EOF\n");
  EXPECT_EQ(toOpenMetrics("# TYPE a untyped\na 1\nb 2\n"), "# TYPE a unknown\na 1\nb 2\n# EOF\n");
  // Blanks, comments and commas that OpenMetrics lacks
  EXPECT_EQ(toOpenMetrics("# comment\n\na{ b=\"c\" , } \t1\n"), "a{b=\"c\"} 1\n# EOF\n");
  EXPECT_EQ(toOpenMetrics("a{}  1\n"), "a 1\n# EOF\n");
  EXPECT_EQ(toOpenMetrics("a{b=\"c\"d=\"e\"}1"), "a{b=\"c\",d=\"e\"} 1\n# EOF\n");
  // Timestamps
  EXPECT_EQ(toOpenMetrics("a 1 1395066363001\n"), "a 1 1395066363.001\n# EOF\n");
  // Escapes and line ends in values, quotes in help texts
  EXPECT_EQ(toOpenMetrics("a{b=\"x\ny\\d\\\\\\\"\"} 1\n"),
            "a{b=\"x\\ny\\\\d\\\\\\\"\"} 1\n# EOF\n");
  EXPECT_EQ(toOpenMetrics("# HELP a say \"hi\"\\n\\\\\na 1\n"),
            "# HELP a say \\\"hi\\\"\\n\\\\\na 1\n# EOF\n");
  EXPECT_EQ(toOpenMetrics("a{\"b\nc\"=\"d\"} 1\n"), "a{\"b\\nc\"=\"d\"} 1\n# EOF\n");
  // A counter whose family has the name of another one keeps its own, and its help
  EXPECT_EQ(
      toOpenMetrics("# TYPE a gauge\na 1\n# HELP a_total h\n# TYPE a_total counter\na_total 1\n"
                    "# TYPE b gauge\nb 1\n# TYPE a_total counter\na_total{c=\"d\"} 1\n"),
      "# TYPE a gauge\na 1\n# HELP a_total h\n# TYPE a_total unknown\na_total 1\n"
      "# TYPE b gauge\nb 1\na_total{c=\"d\"} 1\n# EOF\n");
  // Families without samples
  EXPECT_EQ(toOpenMetrics("# TYPE a gauge\n# HELP b h\n# TYPE b gauge\nb 1\n"),
            "# TYPE a gauge\n# HELP b h\n# TYPE b gauge\nb 1\n# EOF\n");
}

TEST(PageWriterTest, TurnsOpenMetricsIntoText) {
  EXPECT_EQ(toText("# TYPE a counter\n# HELP a h\na_total 1\na_created 2\n# EOF\n"),
            "# HELP a_total h\n# TYPE a_total counter\na_total 1\na_created 2\n");
  // Exemplars and units are left out
  EXPECT_EQ(toText("# TYPE a_seconds histogram\n# UNIT a_seconds seconds\n"
                   "a_seconds_bucket{le=\"+Inf\"} 1 # {t=\"x\"} 0.5\n# EOF\n"),
            "# TYPE a_seconds histogram\na_seconds_bucket{le=\"+Inf\"} 1\n");
  EXPECT_EQ(toText("a 1 1.5 # {} 1 2\n# EOF\n"), "a 1 1500\n");
  // Types that text does not know
  EXPECT_EQ(toText("# TYPE a unknown\na 1\n# EOF\n"), "# TYPE a untyped\na 1\n");
  EXPECT_EQ(toText("# TYPE a info\na_info{b=\"c\"} 1\n# EOF\n"),
            "# TYPE a_info gauge\na_info{b=\"c\"} 1\n");
  EXPECT_EQ(toText("# TYPE a stateset\na{a=\"x\"} 1\n# EOF\n"), "# TYPE a gauge\na{a=\"x\"} 1\n");
  EXPECT_EQ(toText("# TYPE a gaugehistogram\na_bucket{le=\"+Inf\"} 1\na_gsum 1\na_gcount 1\n# EOF"),
            "# TYPE a untyped\na_bucket{le=\"+Inf\"} 1\na_gsum 1\na_gcount 1\n");
  // Help texts
  EXPECT_EQ(toText("# HELP a say \\\"hi\\\"\\n\\\\\na 1\n# EOF\n"),
            "# HELP a say \"hi\"\\n\\\\\na 1\n");
}

TEST(PageWriterTest, RefusesATimeThatTextHasNot) {
  const Checked checked = checkCut("a 1\nb 1 -1\n# EOF\n", {.syntax = Syntax::OpenMetrics});
  EXPECT_EQ(checked.fault, Fault::Format);
  EXPECT_THAT(checked.what,
              ::testing::HasSubstr("line 2, column 5: expected a timestamp from 1970 on"));
}

TEST(PageWriterTest, EscapesNamesWhereQuotesAreNotAllowed) {
  const std::string_view page =
      "# HELP \"a.b\" h\n# TYPE \"a.b\" gauge\n{\"a.b\",\"c.d\"=\"e.f\",g=\"h\"} 1\ni{\"j "
      "k\"=\"l\"} 2\n";
  EXPECT_EQ(converted(page, Syntax::Text, kText1), page);
  EXPECT_EQ(converted(page, Syntax::Text, kText0),
            "# HELP a_b h\n# TYPE a_b gauge\na_b{c_d=\"e.f\",g=\"h\"} 1\ni{j_k=\"l\"} 2\n");
  EXPECT_EQ(converted(page, Syntax::Text, kOpenMetrics0),
            "# HELP a_b h\n# TYPE a_b gauge\na_b{c_d=\"e.f\",g=\"h\"} 1\ni{j_k=\"l\"} 2\n# EOF\n");
}

TEST(PageWriterTest, CopiesOpenMetricsByteForByte) {
  const std::string_view page =
      "# TYPE a counter\n# UNIT a_seconds seconds\n# HELP a h\\n\\\"\n"
      "a_total{b=\"c\"} 1.50 1.5 # {t=\"x\"} 0.5 1\na_created 1e3\n# EOF\n";
  EXPECT_EQ(converted(page, Syntax::OpenMetrics, kOpenMetrics1), page);
}

// Reading and writing the output of a page again changes nothing.
TEST(PageWriterTest, WritesWhatItReadsAsTheSame) {
  std::size_t seen = 0;
  for (const auto& file : std::filesystem::directory_iterator(testing::dataFolder() / "pages")) {
    const std::string name = file.path().filename().string();
    if (!name.ends_with(".prom") && !name.ends_with(".om")) continue;
    SCOPED_TRACE(name);
    const Syntax from = name.ends_with(".om") ? Syntax::OpenMetrics : Syntax::Text;
    const std::string page = readData("pages/" + name);
    for (const Output& to : {kText0, kText1, kOpenMetrics0, kOpenMetrics1}) {
      const Checked once = check(page, {.syntax = from, .output = to});
      ASSERT_TRUE(once.taken) << once.what;
      const Checked again = check(once.text, {.syntax = to.syntax, .output = to});
      ASSERT_TRUE(again.taken) << again.what;
      EXPECT_TRUE(again.text == once.text);
      EXPECT_EQ(again.counts.kept, once.counts.read);
      if (to.syntax == from) {
        EXPECT_TRUE(once.text == page);
      }
    }
    ++seen;
  }
  EXPECT_EQ(seen, 17U);
}

TEST(PageWriterTest, WritesTheSameHoweverARealPageIsCut) {
  for (const auto& file : std::filesystem::directory_iterator(testing::dataFolder() / "pages")) {
    const std::string name = file.path().filename().string();
    if (!name.ends_with(".prom") && !name.ends_with(".om")) continue;
    SCOPED_TRACE(name);
    const Syntax from = name.ends_with(".om") ? Syntax::OpenMetrics : Syntax::Text;
    const std::string page = readData("pages/" + name);
    for (const Output& to : {kText1, kOpenMetrics1}) {
      const How how{.syntax = from, .output = to};
      const Checked whole = check(page, how);
      for (std::size_t at = 7; at < page.size(); at += (page.size() / 9 + 1) * testing::stride()) {
        EXPECT_TRUE(check(page, how, std::string_view::npos, at) == whole) << at;
      }
      EXPECT_TRUE(check(page, how, 997) == whole);
    }
  }
}

}  // namespace
}  // namespace postern::exposition
