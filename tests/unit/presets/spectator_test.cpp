#include "presets/spinnaker/spectator.h"

#include <gmock/gmock.h>

#include "unit/exposition/pages.h"

namespace postern::presets::spinnaker {
namespace {

using namespace exposition;

using ::testing::HasSubstr;

constexpr SpectatorOptions kServiceLabel = {.service_label = true, .standard_notation = true};

// The page, which must be valid text, or the error.
std::string renderedMeters(std::string_view json, const SpectatorOptions& options = {}) {
  const auto page = readSpectator(json, options);
  if (!page) return page.error().what;
  const Checked checked = check(page->text);
  EXPECT_TRUE(checked.taken) << checked.what << page->text;
  return page->text;
}

std::string document(const std::string& metrics, const std::string& service = "s") {
  return R"({"applicationName":")" + service + R"(","metrics":{)" + metrics + "}}";
}

// A meter with one series for each of `tags`; the first one has the value 1, and so on.
std::string meter(const std::string& name, const std::string& kind,
                  const std::vector<std::string>& tags) {
  std::string values;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    values += (i == 0 ? "" : ",") + (R"({"tags":[)" + tags[i]) +
              R"(],"values":[{"t":1471917869670,"v":)" + std::to_string(i + 1) + "}]}";
  }
  return '"' + name + R"(":{"kind":")" + kind + R"(","values":[)" + values + "]}";
}

std::string tag(const std::string& key, const std::string& value) {
  return R"({"key":")" + key + R"(","value":")" + value + "\"}";
}

// A gauge x of service s with one value.
std::string renderedValue(const std::string& value) {
  return renderedMeters(
      document(R"("x":{"kind":"Gauge","values":[{"values":[{"v":)" + value + "}]}]}"));
}

TEST(SpectatorJsonTest, RendersThePagesOfSpinnaker) {
  EXPECT_EQ(renderedMeters(readData("spectator/upstream-clouddriver.json")),
            readData("spectator/upstream-clouddriver.expected.prom"));
  EXPECT_EQ(renderedMeters(readData("spectator/upstream-gate.json")),
            readData("spectator/upstream-gate.expected.prom"));
  EXPECT_EQ(renderedMeters(readData("spectator/upstream-gate.json"), kServiceLabel),
            readData("spectator/upstream-gate.service_label.expected.prom"));
}

TEST(SpectatorJsonTest, MakesKindsCountersOrGauges) {
  for (const std::string kind :
       {"Counter", "Timer", "Distribution", "DistributionSummary", "PercentileCounter",
        "PercentileTimer", "PercentileDistributionSummary"}) {
    EXPECT_EQ(renderedMeters(document(meter("x", kind, {""}))),
              "# TYPE s:x_total counter\ns:x_total 1\n")
        << kind;
  }
  for (const std::string kind : {"Gauge", "AggrMeter", "counter", "PercentileDistribution"}) {
    EXPECT_EQ(renderedMeters(document(meter("x", kind, {""}))), "# TYPE s:x gauge\ns:x 1\n")
        << kind;
  }
  EXPECT_EQ(renderedMeters(document(meter("x_total", "Counter", {""}))),
            "# TYPE s:x_total counter\ns:x_total 1\n");
}

TEST(SpectatorJsonTest, PutsTheStatisticIntoTheName) {
  EXPECT_EQ(
      renderedMeters(document(meter("controller.invocations", "Timer",
                                    {tag("controller", "A") + "," + tag("statistic", "count"),
                                     tag("statistic", "totalTime") + "," + tag("controller", "A")}),
                              "gate")),
      "# TYPE gate:controller:invocations__count_total counter\n"
      "gate:controller:invocations__count_total{controller=\"A\"} 1\n"
      "# TYPE gate:controller:invocations__totalTime_total counter\n"
      "gate:controller:invocations__totalTime_total{controller=\"A\"} 2\n");
  // Only the first one
  EXPECT_EQ(renderedMeters(document(
                meter("x", "Gauge", {tag("statistic", "max") + "," + tag("statistic", "min")}))),
            "# TYPE s:x__max gauge\ns:x__max{statistic=\"min\"} 1\n");
}

TEST(SpectatorJsonTest, MakesLegalNames) {
  const auto becomes = [](const std::string& name, std::string_view colons,
                          std::string_view standard) {
    SCOPED_TRACE(name);
    const auto json = document(meter(name, "Gauge", {""}), "my-svc");
    EXPECT_THAT(renderedMeters(json), HasSubstr("\n" + std::string(colons) + " 1\n"));
    EXPECT_THAT(renderedMeters(json, {.service_label = false, .standard_notation = true}),
                HasSubstr("\n" + std::string(standard) + " 1\n"));
  };

  becomes("a.b/c-d", "my_svc:a:b:c_d", "my_svc_a_b_c_d");
  becomes("a b\\u00e9\\n\\\"", "my_svc:a_b___", "my_svc_a_b___");
  becomes("9", "my_svc:9", "my_svc_9");
  becomes("", "my_svc:", "my_svc_");
}

TEST(SpectatorJsonTest, MakesLegalLabels) {
  EXPECT_EQ(renderedMeters(
                document(meter("x", "Gauge",
                               {tag("http.status-code", "a\\\"b\\\\c\\nd") + "," + tag("1st", "") +
                                "," + tag("a:b", ".") + "," + tag("", "\\u00e9")}))),
            "# TYPE s:x gauge\n"
            "s:x{_=\"\xc3\xa9\",_1st=\"\",a_b=\".\",http_status_code=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(SpectatorJsonTest, NamesTheServiceInLabelsWhenAskedTo) {
  const auto labels = [](const std::string& service) {
    const std::string page =
        renderedMeters(document(meter("9x", "Gauge", {""}), service), {.service_label = true});
    EXPECT_THAT(page, HasSubstr("# TYPE _9x gauge\n_9x{"));
    return page.substr(page.find('{'));
  };

  EXPECT_EQ(labels("gate"), "{spin_service=\"gate\",spin_variant=\"\"} 1\n");
  EXPECT_EQ(labels("clouddriver-ro-deck"),
            "{spin_service=\"clouddriver\",spin_variant=\"ro-deck\"} 1\n");
  EXPECT_EQ(labels("-gate"), "{spin_service=\"-gate\",spin_variant=\"\"} 1\n");
  EXPECT_EQ(labels("gate-"), "{spin_service=\"gate\",spin_variant=\"\"} 1\n");
}

TEST(SpectatorJsonTest, UnitesTheLabelsOfAFamily) {
  EXPECT_EQ(renderedMeters(document(
                meter("x", "Gauge", {tag("b", "1"), "", tag("c", "3") + "," + tag("a", "2")}))),
            "# TYPE s:x gauge\n"
            "s:x{a=\"\",b=\"1\",c=\"\"} 1\n"
            "s:x{a=\"\",b=\"\",c=\"\"} 2\n"
            "s:x{a=\"2\",b=\"\",c=\"3\"} 3\n");
}

TEST(SpectatorJsonTest, UnitesMetersWhoseNamesBecomeOne) {
  EXPECT_EQ(renderedMeters(document(meter("a.b", "Gauge", {tag("x", "1")}) + "," +
                                    meter("c", "Gauge", {""}) + "," +
                                    meter("a/b", "Gauge", {tag("y", "1")}))),
            "# TYPE s:a:b gauge\ns:a:b{x=\"1\",y=\"\"} 1\ns:a:b{x=\"\",y=\"1\"} 1\n"
            "# TYPE s:c gauge\ns:c 1\n");
  // The first type wins
  EXPECT_EQ(renderedMeters(document(meter("a", "Counter", {""}) + "," +
                                    meter("a_total", "Gauge", {tag("x", "1")}))),
            "# TYPE s:a_total counter\ns:a_total{x=\"\"} 1\ns:a_total{x=\"1\"} 1\n");
}

TEST(SpectatorJsonTest, TakesTagsThatAreAbsent) {
  const auto takes = [](const std::string& tags) {
    EXPECT_EQ(renderedMeters(document(R"("x":{"kind":"Gauge","values":[{)" + tags +
                                      R"("values":[{"v":1}]}]})")),
              "# TYPE s:x gauge\ns:x 1\n")
        << tags;
  };

  takes("");
  takes(R"("tags":[],)");
  takes(R"("tags":null,)");
}

TEST(SpectatorJsonTest, TakesFieldsInAnyOrderAndPassesOverOthers) {
  EXPECT_EQ(
      renderedMeters(R"({"startTime":1,"metrics":{"x":{"more":[{}],"values":[{"id":{},"values":)"
                     R"([{"v":1,"t":2}],"tags":[{"value":"b","key":"a","x":1}]}],"kind":"Timer"}},)"
                     R"("applicationVersion":null,"applicationName":"s"})"),
      "# TYPE s:x_total counter\ns:x_total{a=\"b\"} 1\n");
}

TEST(SpectatorJsonTest, CopiesNumbersAsTheyStand) {
  EXPECT_EQ(renderedValue("2.50E8"), "# TYPE s:x gauge\ns:x 2.50E8\n");
  EXPECT_EQ(renderedValue("123456789012345678901234567890 "),
            "# TYPE s:x gauge\ns:x 123456789012345678901234567890\n");
  EXPECT_EQ(renderedValue("-0.0"), "# TYPE s:x gauge\ns:x -0.0\n");
  EXPECT_EQ(renderedValue("\"-Infinity\""), "# TYPE s:x gauge\ns:x -Infinity\n");
  EXPECT_EQ(renderedValue("\"1.5\""), "# TYPE s:x gauge\ns:x 1.5\n");
  // Only the first value
  EXPECT_EQ(renderedValue("1},{\"v\":2"), "# TYPE s:x gauge\ns:x 1\n");
}

TEST(SpectatorJsonTest, DropsAndCountsNan) {
  const auto page = readSpectator(
      document(R"("x":{"kind":"Gauge","values":[)"
               R"({"tags":[)" +
               tag("a", "1") + R"(],"values":[{"v":"NaN"}]},)" +  //
               R"({"tags":[)" + tag("a", "2") + R"(],"values":[{"v":"NaN"},{"v":2}]},)" +
               R"({"tags":[)" + tag("a", "3") + R"(],"values":[]},)" + R"({"tags":[)" +
               tag("a", "4") + R"(],"values":[{"v":4}]}]})"),
      {});

  ASSERT_TRUE(page);
  EXPECT_EQ(page->text, "# TYPE s:x gauge\ns:x{a=\"2\"} 2\ns:x{a=\"4\"} 4\n");
  EXPECT_EQ(page->nan_dropped, 2U);
}

TEST(SpectatorJsonTest, CallsAPageWithoutSamplesEmpty) {
  const auto empty = [](const std::string& metrics) {
    const auto page = readSpectator(R"({"applicationName":"s","metrics":)" + metrics + "}", {});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().fault, Fault::Empty) << metrics;
  };

  empty("{}");
  empty("null");
  empty(R"({"x":{"kind":"Gauge"}})");
  empty(R"({"x":{"kind":"Gauge","values":[]}})");
  empty(R"({"x":{"kind":"Gauge","values":[{"values":[{"v":"NaN"}]}]}})");
}

void expectRefusal(const std::string& json, std::string_view complaint,
                   const SpectatorOptions& options = {}) {
  SCOPED_TRACE(json);
  const auto page = readSpectator(json, options);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().fault, Fault::Format);
  EXPECT_THAT(page.error().what, HasSubstr(complaint));
}

TEST(SpectatorJsonTest, RefusesASeriesThatStandsTwice) {
  expectRefusal(document(meter("a.b", "Gauge", {tag("x", "1")}) + "," +
                         meter("a/b", "Gauge", {tag("y", "") + "," + tag("x", "1")})),
                R"(meters "a.b" and "a/b" both become the series s:a:b{x="1",y=""})");
  expectRefusal(document(meter("a", "Gauge", {tag("x", "1"), tag("x", "1")})),
                R"(meters "a" and "a" both become the series s:a{x="1"})");
  expectRefusal(document(meter("a", "Counter", {""}) + "," + meter("a_total", "Gauge", {""})),
                R"(meters "a" and "a_total" both become the series s:a_total, expected)");
}

TEST(SpectatorJsonTest, RefusesTagsThatBecomeOneLabel) {
  expectRefusal(document(meter("m", "Gauge", {tag("a.b", "1") + "," + tag("a-b", "2")})),
                R"(JSON at metrics.m: two tags become the label "a_b", expected one)");
  expectRefusal(document(meter("m", "Gauge", {tag("spin.service", "1")})),
                R"(two tags become the label "spin_service")", kServiceLabel);
  expectRefusal(document(meter("m", "Gauge", {tag("--name--", "1")})),
                "a tag becomes the label __name__");
}

TEST(SpectatorJsonTest, SaysWhereThePageIsWrong) {
  // Not the page
  expectRefusal("", "the page is empty");
  expectRefusal("<html>", "the page looks like HTML");
  expectRefusal("[]", "expected a JSON object");
  expectRefusal(R"({"applicationName":"s"})", "missing `metrics`");
  expectRefusal(R"({"metrics":{}})", "missing `applicationName`");
  expectRefusal(R"({"applicationName":"","metrics":{}})", "missing `applicationName`");
  expectRefusal(R"({"applicationName":{},"metrics":{}})", "applicationName: expected a string");
  // Not JSON
  expectRefusal(document(meter("x", "Gauge", {""})) + "{}", "found more text");
  expectRefusal("{\"applicationName\":\"\xff\"}", "JSON");
  expectRefusal(document(meter("x", "Gauge", {tag("a", "\\ud800")})),
                "metrics.x.values[0].tags[0]");
  expectRefusal(document("\"x\":" + std::string(100'000, '[')), "JSON");
  // Not the shape
  expectRefusal(R"({"applicationName":"s","metrics":[1]})", "expected an object, found a list");
  expectRefusal(document(R"("x":1)"), "metrics.x");
  expectRefusal(document(R"("x":{"values":[]})"), "metrics.x: missing `kind`");
  expectRefusal(document(R"("x":{"kind":"Gauge","values":{}})"), "metrics.x.values");
  expectRefusal(document(R"("x":{"kind":"Gauge","values":[1]})"), "metrics.x.values[0]");
  expectRefusal(document(R"("x":{"kind":"Gauge","values":[{},{"tags":{}}]})"),
                "metrics.x.values[1].tags");
  expectRefusal(document(R"("x":{"kind":"Gauge","values":[{"tags":[{"key":"a"}]}]})"),
                "metrics.x.values[0].tags[0]: expected key and value");
  expectRefusal(document(R"("x":{"kind":"Gauge","values":[{"values":[{"t":1}]}]})"),
                "metrics.x.values[0].values[0]: missing `v`");
  for (const std::string value : {"null", "true", "\"\"", "\"one\"", "\" 1\"", "1e999", "[]"}) {
    expectRefusal(document(R"("x":{"kind":"Gauge","values":[{"values":[{"v":)" + value + "}]}]}"),
                  "metrics.x.values[0].values[0].v: expected a");
  }
}

TEST(SpectatorJsonTest, RefusesAPageThatIsCutAnywhere) {
  const std::string json = document(
      meter("a.b", "Timer", {tag("statistic", "count") + "," + tag("x", "\\u00e9\\n"), ""}) + "," +
      R"("c":{"kind":"Gauge","values":[{"values":[{"v":"NaN"},{"v":1.5}]}]})");
  ASSERT_TRUE(readSpectator(json, {}));
  for (std::size_t size = 0; size < json.size(); ++size) {
    expectRefusal(json.substr(0, size), "JSON");
  }
}

TEST(SpectatorJsonTest, LimitsWhatFilledInLabelsMakeOfAPage) {
  std::vector<std::string> tags;
  for (int i = 0; i < 1500; ++i) tags.push_back(tag("some_tag_" + std::to_string(i), "x"));

  const auto page = readSpectator(document(meter("x", "Gauge", tags)), {});

  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().fault, Fault::Limit);
  EXPECT_THAT(page.error().what, HasSubstr("labels that are filled in"));
}

}  // namespace
}  // namespace postern::presets::spinnaker
