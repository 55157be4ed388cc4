#include "presets/whatsapp/statistics.h"

#include <gmock/gmock.h>

#include "exposition/families.h"
#include "unit/exposition/pages.h"

namespace postern::presets::whatsapp {
namespace {

using namespace exposition;

using ::testing::HasSubstr;

std::string rendered(std::string_view json) {
  auto families = parseStatistics(json);
  if (!families) return families.error().what;
  const std::string page = written(*families);
  const Checked checked = check(page);
  EXPECT_TRUE(checked.taken) << checked.what << page;
  EXPECT_EQ(checked.counts.kept, families->samples);
  return page;
}

// One family x with one entry.
std::string renderedEntry(const std::string& entry) {
  return rendered(R"({"metrics":{"x":{"data":[)" + entry + "]}}}");
}

TEST(WhatsappJsonTest, RendersTheDocumentedPages) {
  EXPECT_EQ(rendered(readData("whatsapp/metrics.json")),
            readData("whatsapp/metrics.expected.prom"));
  EXPECT_EQ(rendered(readData("whatsapp/stats-app.json")),
            readData("whatsapp/stats-app.expected.prom"));
}

TEST(WhatsappJsonTest, CopiesNumbersAsTheyStand) {
  EXPECT_EQ(renderedEntry(R"({"value": 1.50e+02 })"), "x 1.50e+02\n");
  EXPECT_EQ(renderedEntry(R"({"value":123456789012345678901234567890})"),
            "x 123456789012345678901234567890\n");
  EXPECT_EQ(renderedEntry(R"({"value":-0.0})"), "x -0.0\n");
  // Values that are not JSON numbers
  EXPECT_EQ(renderedEntry(R"({"value":"NaN"})"), "x NaN\n");
  EXPECT_EQ(renderedEntry(R"({"value":"+Inf"})"), "x +Inf\n");
}

TEST(WhatsappJsonTest, EscapesLabelsAndHelp) {
  EXPECT_EQ(renderedEntry(R"({"labels":{"a":"q\"b\\n\nu\u00e9:.","b":""},"value":1})"),
            "x{a=\"q\\\"b\\\\n\\nu\xc3\xa9:.\",b=\"\"} 1\n");
  EXPECT_EQ(rendered(R"({"metrics":{"x":{"help":"a\\b\n\"c\"","data":[{"value":1}]}}})"),
            "# HELP x a\\\\b\\n\"c\"\nx 1\n");
}

TEST(WhatsappJsonTest, TakesLabelsThatAreAbsentEmptyOrNoStrings) {
  EXPECT_EQ(renderedEntry(R"({"value":1})"), "x 1\n");
  EXPECT_EQ(renderedEntry(R"({"labels":[],"value":1})"), "x 1\n");
  EXPECT_EQ(renderedEntry(R"({"labels":{},"value":1})"), "x 1\n");
  EXPECT_EQ(renderedEntry(R"({"labels":null,"value":1})"), "x 1\n");
  EXPECT_EQ(renderedEntry(R"({"value":1,"labels":{"a":200,"b":true,"c":null}})"),
            "x{a=\"200\",b=\"true\",c=\"\"} 1\n");
}

TEST(WhatsappJsonTest, MakesTheNodeOfAMulticonnectPageALabel) {
  EXPECT_EQ(rendered(R"({"stats":{"db":{"10.0.0.1:wa-core-0":{},"10.0.0.3:wa-core-1":[],
                         "10.0.0.2:wa-master-0":{"m":{"data":[{"labels":{"type":"system"},"value":1},
                                                             {"value":2}],"type":"gauge"}},
                         "[::1]:wa-core-2":{"m":{"data":[{"labels":{"node":"own"},"value":3}]}}}}})"),
            "# TYPE m gauge\n"
            "m{node=\"10.0.0.2:wa-master-0\",type=\"system\"} 1\n"
            "m{node=\"10.0.0.2:wa-master-0\"} 2\n"
            "m{node=\"own\"} 3\n");
}

TEST(WhatsappJsonTest, LooksOneLevelDeeperForInternalStatistics) {
  EXPECT_EQ(rendered(R"({"stats":{"app":{"internal":{"x":{"data":[{"value":1}]}}}}})"), "x 1\n");
  EXPECT_EQ(rendered(R"({"stats":{"app":{"h:c":{"internal":{"x":{"data":[{"value":1}]}}}}}})"),
            "x{node=\"h:c\"} 1\n");
  EXPECT_EQ(rendered(R"({"stats":{"internal":{"db":{"x":{"data":[{"value":1}]}}}}})"), "x 1\n");
}

TEST(WhatsappJsonTest, RendersHistograms) {
  EXPECT_EQ(rendered(R"({"metrics":{"h":{"type":"histogram","data":[
                         {"labels":{"a":"b"},"bucket":{"0.5":1,"Inf":3},"sum":2.50,"count":3},
                         {"bucket":{"1":4},"sum":5,"count":6},{"bucket":[],"count":0}]}}})"),
            "# TYPE h histogram\n"
            "h_bucket{a=\"b\",le=\"0.5\"} 1\nh_bucket{a=\"b\",le=\"+Inf\"} 3\n"
            "h_sum{a=\"b\"} 2.50\nh_count{a=\"b\"} 3\n"
            "h_bucket{le=\"1\"} 4\nh_bucket{le=\"+Inf\"} 6\nh_sum 5\nh_count 6\n"
            "h_bucket{le=\"+Inf\"} 0\nh_count 0\n");
}

TEST(WhatsappJsonTest, CallsUnknownTypesUntyped) {
  EXPECT_EQ(rendered(R"({"metrics":{"x":{"type":"meter","data":[{"value":1}]}}})"),
            "# TYPE x untyped\nx 1\n");
}

TEST(WhatsappJsonTest, SaysWhereThePageIsWrong) {
  const auto refuses = [](std::string_view json, std::string_view complaint) {
    SCOPED_TRACE(json);
    const auto families = parseStatistics(json);
    ASSERT_FALSE(families);
    EXPECT_EQ(families.error().fault, Fault::Format);
    EXPECT_THAT(families.error().what, HasSubstr(complaint));
  };

  // Not the page
  refuses("", "the page is empty");
  refuses("<html>", "the page looks like HTML");
  refuses("[]", "expected a JSON object, found \"[]\"");
  refuses(R"({"meta":{},"errors":[]})", "expected metrics or stats");
  // Not JSON
  refuses(R"({"metrics":{"x":{"data":[{"value":1}]}})", "JSON");
  refuses(R"({"metrics":{"x":{"data":[{"value":1)", "JSON");
  refuses(R"({"metrics":{"x":{"data":[{"value":1}]}}} {})", "found more text");
  refuses("{\"metrics\":{\"x\":{\"help\":\"\xff\"}}}", "JSON");
  // Not the shape
  refuses(R"({"metrics":[1]})", "expected an object, found a list");
  refuses(R"({"metrics":{"x":[1]}})", "metrics.x: expected an object, found a list");
  refuses(R"({"metrics":{"x":{"data":[1]}}})", "metrics.x.data[0]");
  refuses(R"({"metrics":{"x":{"data":[{"value":1},{}]}}})",
          "metrics.x.data[1]: expected a value or buckets");
  refuses(R"({"metrics":{"x":{"data":[{"value":1}],"more":{}}}})", "found an object");
  refuses(R"({"metrics":{"x":{"data":[{"bucket":{"1":2}}]}}})", "expected count");
  refuses(R"({"metrics":{"x":{"data":[{"bucket":{"one":2},"count":1}]}}})",
          "bound is not a number");
  refuses(R"({"a":{"b":1},"stats":{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{}}}}}}}}}})",
          "nested too deeply");
  // Names and values
  refuses(R"({"metrics":{"x.y":{"data":[{"value":1}]}}})", "metrics.x.y: not a metric name");
  refuses(R"({"metrics":{"x":{"data":[{"labels":{"a.b":"c"},"value":1}]}}})", "not a label name");
  refuses(R"({"metrics":{"":{"data":[{"value":1}]}}})", "metrics: not a metric name");
  refuses(R"({"metrics":{"":{"type":"gauge"},"x":{"data":[{"value":1}]}}})", "not a metric name");
  refuses(R"({"metrics":{"x-y":{"help":"h"},"x":{"data":[{"value":1}]}}})", "metrics.x-y: not a");
  refuses(R"({"metrics":{"x":{"data":[{"labels":{"":"c"},"value":1}]}}})", "not a label name");
  refuses(R"({"metrics":{"x":{"data":[{"labels":{"__name__":"c"},"value":1}]}}})",
          "metrics.x.data[0].labels: a label is called __name__, which is the metric's own name");
  refuses(R"({"metrics":{"x":{"data":[{"labels":{"b":"c","a":"","b":"c"},"value":1}]}}})",
          "metrics.x.data[0].labels: label \"b\" appears twice, expected once");
  refuses(R"({"metrics":{"x":{"data":[{"labels":{"a":"b"},"labels":{"\u0061":"b"},"value":1}]}}})",
          "label \"a\" appears twice");
  refuses(R"({"metrics":{"x":{"data":[{"labels":{"le":"1"},"bucket":{"1":2},"count":2}]}}})",
          "metrics.x.data[0]: a label is called le");
  refuses(R"({"metrics":{"x":{"data":[{"value":"many"}]}}})",
          "metrics.x.data[0].value: expected a number");
  refuses(R"({"metrics":{"x":{"data":[{"value":null}]}}})", "expected a number");
  refuses(R"({"metrics":{"x":{"data":[{"value":1e999}]}}})", "expected a number");
}

TEST(WhatsappJsonTest, CallsAPageWithoutSamplesEmpty) {
  for (const std::string_view json :
       {R"({"metrics":{}})", R"({"metrics":[]})", R"({"stats":{"db":[]}})",
        R"({"metrics":{"x":{"type":"gauge","help":"h","data":[]}}})"}) {
    SCOPED_TRACE(json);
    const auto families = parseStatistics(json);
    ASSERT_FALSE(families);
    EXPECT_EQ(families.error().fault, Fault::Empty);
  }
}

TEST(WhatsappJsonTest, NeitherCrashesNorInventsSamplesWhenThePageIsCut) {
  const std::string json = readData("whatsapp/stats-app.json");
  for (std::size_t size = 0; size < json.find_last_of('}'); ++size) {
    const auto families = parseStatistics(std::string_view(json).substr(0, size));
    ASSERT_FALSE(families) << size;
    EXPECT_EQ(families.error().fault, Fault::Format) << size;
  }
}

}  // namespace
}  // namespace postern::presets::whatsapp
