#include "exposition/page_reader.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "fakes/stride.h"
#include "fakes/test_data.h"
#include "unit/exposition/cases.h"
#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

using ::testing::HasSubstr;
using namespace std::string_view_literals;

// Where Prometheus' parser and the project of a case disagree, Prometheus' parser wins, because
// Prometheus scrapes the page.
const std::map<std::string, std::string>& deviations() {
  static const std::string bound = "the value of a bucket's or quantile's label is not looked at";
  static const std::string count = "the counts of a histogram are not looked at";
  static const std::string type = "Prometheus' parser has no type for gauge histograms in text";
  static const std::map<std::string, std::string> all = {
      {"common-text/parse/15", type},
      {"common-text/parse/16", type},
      {"common-text/parse/17", type},
      {"common-text/error/7", bound},
      {"common-text/error/19", bound},
      {"common-text/error/32", bound},
      {"common-text/error/33", bound},
      {"common-fuzz/from_test_parse_error_7", bound},
      {"common-fuzz/from_test_parse_error_19", bound},
      {"common-text/error/38", "an unknown escape in a name stays as it is"},
      {"common-text/error/39", "a name in quotes may hold a line end"},
      {"common-text/error/44", count},
      {"common-text/error/45", count},
      {"common-text/error/46", count},
      {"client_python/prometheus-text/"
       "test_comments_parts_are_not_validated_against_legacy_metric_name/0",
       "a page without a sample is a failed scrape"},
  };
  return all;
}

TEST(PageReaderTest, JudgesAsPrometheusDoes) {
  std::istringstream cases(readData("exposition/text-cases.jsonl"));
  std::size_t seen = 0;
  std::size_t deviating = 0;
  for (std::string line; std::getline(cases, line);) {
    const auto scene = nlohmann::json::parse(line);
    if (scene.at("format") != "prometheus-text") continue;
    ++seen;
    const std::string id = scene.at("id");
    SCOPED_TRACE(id);
    const std::string page = inputOf(scene);

    const Checked checked = checkCut(page);

    if (checked.taken) {
      EXPECT_EQ(checked.text, page.ends_with('\n') ? page : page + "\n");
    }
    if (scene.at("valid").is_null()) continue;
    const bool deviates = deviations().contains(id);
    deviating += deviates ? 1 : 0;
    EXPECT_EQ(checked.taken, scene.at("valid").get<bool>() != deviates) << checked.what;
  }
  EXPECT_EQ(seen, 85U);
  EXPECT_EQ(deviating, deviations().size());
}

TEST(PageReaderTest, CopiesRealPagesByteForByte) {
  std::size_t seen = 0;
  for (const auto& file : std::filesystem::directory_iterator(testing::dataFolder() / "pages")) {
    if (file.path().extension() != ".prom") continue;
    SCOPED_TRACE(file.path());
    const std::string page = readData("pages/" + file.path().filename().string());
    for (const std::size_t block : {testing::stride(), std::size_t{1000}, page.size()}) {
      const Checked checked = check(page, {}, block);
      EXPECT_TRUE(checked.taken) << checked.what;
      EXPECT_EQ(checked.text, page);
    }
    ++seen;
  }
  EXPECT_EQ(seen, 12U);
}

TEST(PageReaderTest, TakesWhatPrometheusTakes) {
  const auto takes = [](std::string_view page, std::size_t samples = 1) {
    SCOPED_TRACE(page);
    const Checked checked = checkCut(page);
    EXPECT_TRUE(checked.taken) << checked.what;
    EXPECT_EQ(checked.text, page);
    EXPECT_EQ(checked.counts.read, samples);
  };

  // Blanks and line ends
  takes("a 1\n\n \t\n  b\t2 \n", 2);
  takes("a{ b = \"c\" , d\t=\t\"e\" , } \t1 2 \n");
  takes("a{b=\"c\"}1\n");
  takes("a+1\n");
  // Labels
  takes("a{} 1\n");
  takes("a{b=\"c\"d=\"e\"} 1\n");
  takes("a{b=\"c\",} 1\n");
  takes("a{b=\"x\ny\n\"} 1\nb 1\n", 2);
  takes("a{b=\"\\z\\\\\\\"\"} 1\n");
  takes("a{b=\"\xc3\xa9\"} 1\n");
  takes("a{b=\"x\0y\\\0\"z\"\0} 1\n"sv);
  takes("a{b= \0\"x\"} 1\n"sv);
  // Names in quotes
  takes("{\"a.b\"} 1\n");
  takes("{\"a.b\",c=\"d\",\"e.f\"=\"g\"} 1\n");
  takes("{c=\"d\",\"a.b\"} 1\n");
  takes("# HELP \"a\n.b\" h\n# TYPE \"a.\\\"b\" counter\n{\"a\n.b\\\\\"} 1\n");
  // Comments
  takes("#\n# \n#x\n# HELP\n# HELPa b\n# TYPEx\n#HELP 1\n#TYPE a b\na 1\n");
  takes("# \xff \0 x\n#\t HELP\t a \0x\na 1\n"sv);
  takes("# HELP a\n# HELP a \n# HELP a  two\n# HELP a-b\n#TYPE\n# TYPE a untyped\na 1\n");
  takes("# TYPE a-counter\n# HELP a b\r\n#\r\na 1\n");
  // Timestamps
  takes("a 1 0\na 1 000000000000000000000000000001\na 1 9223372036854775807\n", 3);
}

TEST(PageReaderTest, RefusesWhatPrometheusRefuses) {
  const auto refuses = [](std::string_view page, std::string_view complaint) {
    SCOPED_TRACE(page);
    const Checked checked = checkCut(page);
    EXPECT_FALSE(checked.taken);
    EXPECT_EQ(checked.fault, Fault::Format);
    EXPECT_THAT(checked.what, HasSubstr(complaint));
  };

  // Line ends of Windows
  refuses("a 1\r\n", R"(line 1, column 3: expected a number as the value, found "1\r")");
  refuses("a 1\n\r\n", R"(line 2, column 1: expected a metric name, a comment or a blank line)");
  refuses("# TYPE a counter\r\na 1\n", R"(found "counter\r")");
  // Values and timestamps
  refuses("a\n", "line 1, column 2: expected a number as the value, found the end of the line");
  refuses("a one\n", "expected a number");
  refuses("a 1{\n", "expected a timestamp in milliseconds or the end of the line, found \"{\"");
  refuses("a 1 -1\n", "found \"-1\"");
  refuses("a 1 1.5\n", "found \".5\"");
  refuses("a 1 9223372036854775808\n", "expected a timestamp");
  refuses("a 1 2 3\n", "line 1, column 7: expected the end of the line, found \"3\"");
  // Names and labels
  refuses("1a 1\n", "expected a metric name");
  refuses("a.b 1\n", "expected a number as the value, found \".b 1\"");
  refuses("a{b:c=\"d\"} 1\n", "expected \"=\" after the label name, found \":c=");
  refuses("a{b=c} 1\n", "expected a label value in quotes");
  refuses("a{b=\"c\",,} 1\n", "expected a label name or \"}\"");
  refuses("a{,} 1\n", "expected a label name");
  refuses("a{b=\"c\\\n\"} 1\n", "line 1, column 8: expected a character after the backslash");
  refuses("a 1\na{b=\"x\ny\\\n\"} 1\n", "line 3, column 3: expected a character after");
  refuses("a{b=\"c\n", "line 1: expected a closing quote, found the end of the page");
  refuses("x 1\na{b=\"c", "line 2: expected a closing quote, found the end of the page");
  refuses("a{b=\"c\"\n} 1\n", "expected a label name or \"}\", found the end of the line");
  refuses("{} 1\n", "expected a metric name before or in the braces");
  refuses("a{\"b\"} 1\n", "the metric already has its name");
  refuses("{\"a\" \"b\"} 1\n", "expected \"=\" after the label name");
  // HELP and TYPE
  refuses("# HELP \na 1\n", "expected a metric name after HELP, found the end of the line");
  refuses("# TYPE 1 counter\n", "expected a metric name after TYPE");
  refuses("# TYPE a  counter\n", "line 1, column 10: expected counter, gauge, histogram");
  refuses("# TYPE a counter \n", "found \"counter \"");
  refuses("# TYPE a\n", "expected counter");
  refuses("# TYPE a unknown\n", "expected counter");
  // UTF-8
  refuses("a{b=\"\xff\"} 1\n", "line 1, column 6: expected a label value in UTF-8, found \"\\xff");
  refuses("# HELP a \xc3\n", "expected a help text in UTF-8");
  refuses("{\"\xc3(\"} 1\n", "expected a metric name in UTF-8");
  refuses("{\"a\",\"\xff\"=\"b\"} 1\n", "expected a label name in UTF-8");
}

TEST(PageReaderTest, RefusesNulBytesThatEndThePageForPrometheus) {
  const auto refuses = [](std::string_view page) {
    SCOPED_TRACE(page);
    const Checked checked = checkCut(page);
    EXPECT_FALSE(checked.taken);
    EXPECT_EQ(checked.fault, Fault::Format);
  };

  refuses("a 1\n\0b 1\n"sv);
  refuses("a 1\n \0\nb 1\n"sv);
  refuses("a 1\n#\0\nb 1\n"sv);
  refuses("a 1\n#x\0\nb 1\n"sv);
  refuses("a 1\n# \0HELP a b\nb 1\n"sv);
  refuses("a 1\n# HELP a\0\nb 1\n"sv);
  refuses("a 1\n# HELP \"a\0\" x\nb 1\n"sv);
  refuses("a 1\n# TYPE a counter\0\nb 1\n"sv);
  refuses("a\0 1\n"sv);
  refuses("a 1\0\n"sv);
  refuses("a 1 2\0\n"sv);
  refuses("a{b=\0\"c\"} 1\n"sv);
  refuses("{\"a\0\"} 1\n"sv);
}

// A name that is read twice, because its line was cut within quotes, is not the previous name.
TEST(PageReaderTest, KnowsTheNameOfALineThatWasCutInQuotes) {
  const std::string page = "a{b=\"1\n2\"} 1\nc{b=\"1\n2\"} 1\n";
  const Checked checked = checkCut(page, {.options = {.strict = true}});
  EXPECT_TRUE(checked.taken) << checked.what;
}

// The previous line has a quoted label name; it must not serve as a template for the braces.
TEST(PageReaderTest, RefusesALineEndInBraces) {
  const Checked checked = checkCut("a{\"b.c\"=\"d\"} 1\na{\nb=\"e\"} 1\n");
  EXPECT_FALSE(checked.taken);
  EXPECT_THAT(checked.what, HasSubstr("line 2, column 3"));
}

TEST(PageReaderTest, SaysThatAPageLooksLikeHtml) {
  const Checked checked = check("<!DOCTYPE html>\n<html></html>\n");
  EXPECT_EQ(checked.fault, Fault::Format);
  EXPECT_THAT(checked.what, HasSubstr("found \"<!DOCTYPE html>\"; the page looks like HTML"));
}

TEST(PageReaderTest, ShowsAtMostEightyBytesMadePrintable) {
  const Checked checked = check("a \x1b[31m" + std::string(1000, 'x') + "\n");
  EXPECT_EQ(checked.what, "line 1, column 3: expected a number as the value, found \"\\x1b[31m" +
                              std::string(75, 'x') + "...\"");
}

TEST(PageReaderTest, AddsTheLastNewlineThatIsMissing) {
  EXPECT_EQ(checkCut("a 1\nb 2").text, "a 1\nb 2\n");
  EXPECT_EQ(checkCut("a 1\n\t").text, "a 1\n\t\n");
}

TEST(PageReaderTest, CallsAPageWithoutSamplesEmpty) {
  for (const std::string_view page : {"", "\n", "# HELP a b\n# TYPE a gauge\n", "# nothing"}) {
    SCOPED_TRACE(page);
    const Checked checked = checkCut(page);
    EXPECT_FALSE(checked.taken);
    EXPECT_EQ(checked.fault, Fault::Empty);
  }
}

TEST(PageReaderTest, CutsTimestampsOffWhenTheyAreNotHonoured) {
  const Checked checked = checkCut("a 1 5\n# c 1 5\nb{c=\"1 5\"}  2   6  \nd 3\ne 4 7",
                                   {.options = {.honor_timestamps = false}});
  EXPECT_EQ(checked.text, "a 1\n# c 1 5\nb{c=\"1 5\"} 2\nd 3\ne 4\n");
  EXPECT_EQ(checked.counts.kept, 4U);
}

TEST(PageReaderTest, NamesTheLimitThatIsExceeded) {
  const auto exceeds = [](std::string_view page, const config::Limits& limits,
                          std::string_view complaint) {
    SCOPED_TRACE(page);
    const Checked checked = checkCut(page, {.options = {.limits = limits}});
    EXPECT_FALSE(checked.taken);
    EXPECT_EQ(checked.fault, Fault::Limit);
    EXPECT_THAT(checked.what, HasSubstr(complaint));
  };

  exceeds("a 1\nb 1\nc 1\n", {.samples = 2}, "sample_limit of 2 exceeded");
  exceeds("a{b=\"\",c=\"\"} 1\n", {.labels = 1}, "label_limit of 1 exceeded");
  exceeds("a{bcd=\"\"} 1\n", {.label_name_length = 2}, "label_name_length_limit of 2 exceeded");
  exceeds("a{b=\"123\"} 1\n", {.label_value_length = 2}, "label_value_length_limit of 2 exceeded");
  exceeds("a 1\nlonger 1\n", {.line = 7}, "line_limit of 7 bytes exceeded: line 2");
  exceeds("a 1\n12345678", {.line = 7}, "line_limit of 7 bytes exceeded: line 2");
  exceeds("a{b=\"\n\n\n\n\n\n\n\n\n\"} 1\n", {.line = 10}, "line_limit of 10 bytes exceeded");
  exceeds("a{b=\"\n\n\n\n\n\n\n\n\n", {.line = 10}, "line_limit of 10 bytes exceeded: line 1");
}

TEST(PageReaderTest, TakesWhatIsJustWithinTheLimits) {
  const config::Limits limits{
      .line = 20, .samples = 2, .labels = 2, .label_name_length = 1, .label_value_length = 3};
  EXPECT_TRUE(checkCut("# a comment of 20 by\na{b=\"\\\\\\n\\\"\",c=\"\"} 1\nb 2\n",
                       {.options = {.limits = limits}})
                  .taken);
}

}  // namespace
}  // namespace postern::exposition
