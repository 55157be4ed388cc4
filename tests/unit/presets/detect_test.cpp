#include "exposition/detect.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "presets/registry.h"
#include "unit/exposition/pages.h"

namespace postern::presets {
namespace {

using namespace exposition;

using ::testing::SizeIs;

constexpr std::string_view kTextType = "text/plain; version=0.0.4";
constexpr std::string_view kOpenMetricsType = "application/openmetrics-text; version=1.0.0";
constexpr std::string_view kNoType;

std::string_view named(std::string_view content_type) {
  if (isProtobuf(content_type)) return "protobuf";
  const auto format = formatOf(content_type);
  return format ? format->name() : "none";
}

std::string_view detected(std::string_view content_type, std::string_view begin) {
  return detect(content_type, begin, jsonFormats()).name();
}

TEST(DetectTest, ReadsAContentTypeAsPrometheusDoes) {
  const auto cases = nlohmann::json::parse(readData("exposition/content_type_cases.json"));
  EXPECT_THAT(cases, SizeIs(20));
  for (const auto& scene : cases) {
    if (!scene["fallback"].is_null()) continue;
    SCOPED_TRACE(scene["id"].get<std::string>());
    const auto parser = scene["parser"].get<std::string>();
    const std::string_view expected = parser == "Prom"          ? "text"
                                      : parser == "OpenMetrics" ? "openmetrics"
                                      : parser == "Protobuf"    ? "protobuf"
                                                                : "none";
    EXPECT_EQ(named(scene["content_type"].get<std::string>()), expected);
  }
}

TEST(DetectTest, ReadsContentTypesHoweverTheyAreWritten) {
  EXPECT_EQ(named(" TEXT/Plain ;Version=0.0.4"), "text");
  EXPECT_EQ(named("text/plain;"), "text");
  EXPECT_EQ(named("text/plain; "), "text");
  EXPECT_EQ(named("text/plain; a=\"x;\\\"y\"; b=c"), "text");
  EXPECT_EQ(named("text/plain; a=b; A=b"), "text");
  EXPECT_EQ(named("application/openmetrics-text;version=9"), "openmetrics");
  EXPECT_EQ(named("Application/vnd.google.Protobuf; proto=x; encoding=delimited"), "protobuf");
  // Damaged
  EXPECT_EQ(named("text/plain; a"), "none");
  EXPECT_EQ(named("text/plain; a="), "none");
  EXPECT_EQ(named("text/plain; a=\"b"), "none");
  EXPECT_EQ(named("text/plain; a=\"b\n\""), "none");
  EXPECT_EQ(named("text/plain;; a=b"), "none");
  EXPECT_EQ(named("text/plain; a=b; A=c"), "none");
  EXPECT_EQ(named("text/ plain"), "none");
  EXPECT_EQ(named("text"), "none");
}

TEST(DetectTest, KnowsTheJsonFormatsUnlessTheContentTypeNamesAnother) {
  const auto finds = [](std::string_view begin, std::string_view format) {
    SCOPED_TRACE(begin);
    EXPECT_EQ(detected(kNoType, begin), format);
    EXPECT_EQ(detected("text/html", begin), format);
    EXPECT_EQ(detected("application/json;charset=UTF-8", begin), format);
    EXPECT_EQ(detected("application/octet-stream", std::string("\xef\xbb\xbf \r\n").append(begin)),
              format);
    EXPECT_EQ(detected(kTextType, begin), "text");
    EXPECT_EQ(detected(kOpenMetricsType, begin), "openmetrics");
  };

  finds(readData("whatsapp/metrics.json"), "whatsapp_json");
  finds(readData("whatsapp/stats-app.json"), "whatsapp_json");
  finds(readData("spectator/upstream-gate.json"), "spectator_json");
  finds(R"({"health":{"gateway_status":"connected"}})", "whatsapp_health");
  finds(R"({"meta":{"health":1,"x":[{"stats":2}]}, "health" : {)", "whatsapp_health");
  finds(R"({"metrics":{"a":{"values":[],"kind":"Timer"}}})", "spectator_json");
  finds(R"({"metrics":{"a":{},"b":{"kind":"Timer"}}})", "spectator_json");
  finds(R"({"metrics":{"kind":{"data":[]}}})", "whatsapp_json");
  finds(R"({"meta":{"x":{"kind":1}},"metrics":{"x":{"type":"kind"}}})", "whatsapp_json");
  finds(R"({"startTime":1,"applicationName":"gate"})", "spectator_json");
  // Nothing that decides
  finds("{}", "whatsapp_json");
  finds(R"({"errors":[{"code":1005}]})", "whatsapp_json");
  finds(R"({"metrics":{"a)", "whatsapp_json");
  finds(R"({"x":]}]}"stats":1)", "whatsapp_json");
}

TEST(DetectTest, TellsAQuotedMetricFromJson) {
  EXPECT_EQ(detected(kNoType, "{\"my.metric\"} 1\n"), "text");
  EXPECT_EQ(detected(kNoType, "{\"my:metric\",a=\"b\"} 1\n"), "text");
  EXPECT_EQ(detected(kNoType, "{ \"a\\\":b\" , c=\"d\"} 1\n"), "text");
  EXPECT_EQ(detected(kOpenMetricsType, "{\"my.metric\"} 1\n# EOF\n"), "openmetrics");
  EXPECT_EQ(detected(kNoType, "{a=\"b\"} 1\n"), "text");
  EXPECT_EQ(detected(kNoType, "{"), "text");
  EXPECT_EQ(detected(kNoType, "[{\"a\":1}]"), "text");
}

// Lines that only one of the two formats has, or whose timestamp differs between them.
TEST(DetectTest, LeavesTheLineLanguageToTheContentType) {
  for (const std::string_view begin : {"",
                                       "a 1\n",
                                       "# TYPE a unknown\na 1\n",
                                       "# TYPE a info\n",
                                       "# TYPE a untyped\na 1\n",
                                       "a_total 1 # {} 1\n",
                                       "a 1\n# EOF\n",
                                       "a 1\n# EOF\n# EOF\n",
                                       "a 1\n\nb 1\n# EOF\n",
                                       "# UNIT a_bytes bytes\na_bytes 1\n",
                                       "# a comment\n",
                                       "a\t1\n",
                                       "a  1\n",
                                       "a 1 1764430000\n# EOF\n",
                                       "a 1 1764430000.5\n# EOF\n",
                                       "a 1 1764430000000\n# EOF\n",
                                       "<html><body>Login</body></html>\n",
                                       "\n <!doctype html>",
                                       "\x1f\x8b\x08",
                                       "not found"}) {
    SCOPED_TRACE(begin);
    EXPECT_EQ(detected(kTextType, begin), "text");
    EXPECT_EQ(detected("TEXT/plain", begin), "text");
    EXPECT_EQ(detected("text/plain; version=1.0.0; escaping=allow-utf-8", begin), "text");
    EXPECT_EQ(detected(kOpenMetricsType, begin), "openmetrics");
    EXPECT_EQ(detected("application/openmetrics-text", begin), "openmetrics");
    // As Prometheus reads a page without a content type, or with an unknown one.
    EXPECT_EQ(detected(kNoType, begin), "text");
    EXPECT_EQ(detected("text/html; charset=utf-8", begin), "text");
    EXPECT_EQ(detected("application/json", begin), "text");
    EXPECT_EQ(detected("application/openmetrics-text; version", begin), "text");
  }
}

}  // namespace
}  // namespace postern::presets
