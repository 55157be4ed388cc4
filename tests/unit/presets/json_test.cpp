#include "exposition/json.h"

#include <gmock/gmock.h>

#include "exposition/families.h"
#include "presets/spinnaker/spectator.h"
#include "presets/whatsapp/health.h"
#include "presets/whatsapp/statistics.h"

namespace postern::presets {
namespace {

using namespace exposition;

using ::testing::HasSubstr;
using ::testing::Not;

struct BrokenPage {
  std::string_view page;
  std::string_view what;
};

template <typename Read>
void expectOurWords(std::string_view reader, Read read, const std::vector<BrokenPage>& pages) {
  for (const auto& [page, what] : pages) {
    SCOPED_TRACE(std::string(reader).append(": ").append(page));
    const auto done = read(page);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, Fault::Format);
    EXPECT_THAT(done.error().what, HasSubstr(what));
    for (int code = 1; code < simdjson::NUM_ERROR_CODES; ++code) {
      EXPECT_THAT(done.error().what,
                  Not(HasSubstr(simdjson::error_message(static_cast<simdjson::error_code>(code)))));
    }
  }
}

TEST(JsonTest, SaysInOurWordsWhatIsWrongAndWhere) {
  expectOurWords(
      "whatsapp_json", [](std::string_view page) { return whatsapp::parseStatistics(page); },
      {
          {"", "JSON: the page is empty, expected a JSON object"},
          {"3", "JSON: expected a JSON object, found \"3\""},
          {"[1]", "JSON: expected a JSON object, found \"[1]\""},
          {"<html>", "found \"<html>\"; the page looks like HTML"},
          {"up 1", "JSON: expected a JSON object, found \"up 1\""},
          {R"({"metrics":3})", "JSON at metrics: expected an object, found a number"},
          {R"({"metrics":"a"})", "JSON at metrics: expected an object, found a string"},
          {R"({"metrics":[1]})", "JSON at metrics: expected an object, found a list"},
          {R"({"metrics":{"a":{"data":[3]}}})",
           "JSON at metrics.a.data[0]: expected an object, found a number"},
          {R"({"metrics":{"a":{"data":[{"value":1},null]}}})",
           "JSON at metrics.a.data[1]: expected an object, found null"},
          {R"({"metrics":{"a":{"data":[{"value":[1]}]}}})",
           "JSON at metrics.a.data[0].value: expected a string or a number, found a list"},
          {R"({"metrics":{"a":{"data":[{"labels":true,"value":1}]}}})",
           "JSON at metrics.a.data[0].labels: expected an object, found true or false"},
          {R"({"metrics":{"a":{"data":[{"labels":{"b":{}},"value":1}]}}})",
           "JSON at metrics.a.data[0].labels.b: expected a string or a number, found an object"},
          {"{\"metrics\":\n{\"a\" 3}}", "(line 2, column "},
          {"{\"metrics\":{\"a\":{\"data\":[{\"value\":1}]}}", "JSON"},
          {"{\"metrics\":{\n\"a\":{\"help\":\"x\ny\"}}}",
           "a string has a control character, expected an escape like \\n (line 2, column 15)"},
          {"{\"metrics\":{\n \"a}}",
           "a string is not closed, expected a quote at its end (line 2, column 2)"},
          {"{\"metrics\":{\n\"a\":{\"help\":\"\xff\"}}}",
           "bytes that are not UTF-8, expected JSON in UTF-8 (line 2, column 14)"},
          {"{\"metrics\":{\"\xc3\xa4\xc3\xa4\":{\"help\":\"\xc3\"}}}", "(line 1, column 29)"},
          {R"({"metrics":{"a":{"help":"\q"}}})",
           "a string has an invalid escape, expected one like"},
          {R"({"metrics":{}} {})",
           "expected the end of the page after the JSON object, found more text (line 1, column "
           "16)"},
      });
  expectOurWords(
      "whatsapp_health", [](std::string_view page) { return whatsapp::parseHealth(page); },
      {
          {R"({"health":3})", "JSON at health: expected an object, found a number"},
          {R"({"health":{"h:c":3}})", "JSON at health.h:c: expected an object, found a number"},
          {R"({"health":{"gateway_status":{}}})",
           "JSON at health.gateway_status: expected a string or a number, found an object"},
          {R"({"health":{"h:c":{"errors":"down"}}})",
           "JSON at health.h:c.errors: expected a list, found a string"},
          {R"({"health":{"h:c":{"errors":[1]}}})",
           "JSON at health.h:c.errors[0]: expected an object, found a number"},
          {R"({"health":{"h:c":{"errors":[{"title":[]}]}}})",
           "JSON at health.h:c.errors[0].title: expected a string or a number, found a list"},
          {R"({"health":{"gateway_status":"conn)", "a string is not closed"},
          {"{\"health\":{\"gateway_status\":\"connected\",}}", "JSON"},
      });
  expectOurWords(
      "spectator_json", [](std::string_view page) { return spinnaker::readSpectator(page, {}); },
      {
          {R"({"applicationName":[]})",
           "JSON at applicationName: expected a string or a number, found a list"},
          {R"({"applicationName":"a","metrics":[3]})",
           "JSON at metrics: expected an object, found a list"},
          {R"({"applicationName":"a","metrics":{"m":3}})",
           "JSON at metrics.m: expected an object, found a number"},
          {R"({"applicationName":"a","metrics":{"m":{"kind":"Counter","values":{}}}})",
           "JSON at metrics.m.values: expected a list, found an object"},
          {R"({"applicationName":"a","metrics":{"m":{"kind":"Counter","values":["x"]}}})",
           "JSON at metrics.m.values[0]: expected an object, found a string"},
          {R"({"applicationName":"a","metrics":{"m":{"kind":"Counter","values":[{"tags":{}}]}}})",
           "JSON at metrics.m.values[0].tags: expected a list, found an object"},
          {"{\"applicationName\":\"a\",\n\"metrics\":{\"m\" 1}}", "(line 2, column "},
      });
}

}  // namespace
}  // namespace postern::presets
