#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "exposition/families.h"
#include "presets/spinnaker/spectator.h"
#include "presets/whatsapp/statistics.h"

// A short JSON page may become a long text page: each line repeats a name that JSON has once.
namespace postern::presets {
namespace {

using namespace exposition;

using ::testing::HasSubstr;

constexpr std::size_t kMany = 20'000;
const std::string kLong(100'000, 'n');

std::string repeated(const std::string& text) {
  std::string list;
  for (std::size_t i = 0; i < kMany; ++i) list += (i == 0 ? "" : ",") + text;
  return list;
}

std::string buckets() {
  std::string text;
  for (std::size_t i = 0; i < kMany; ++i) {
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":1";
  }
  return text;
}

struct GrowthCase {
  const char* what;
  std::string page;
};

template <typename Read>
void expectLimit(Read read, const GrowthCase& each) {
  const auto page = read(each.page);
  ASSERT_FALSE(page) << each.what;
  EXPECT_EQ(page.error().fault, Fault::Limit) << each.what;
  EXPECT_THAT(page.error().what, HasSubstr("becomes more than")) << each.what;
}

TEST(JsonGrowthTest, BoundsWhatBecomesOfWhatsappJson) {
  const std::string samples = repeated(R"({"value":1})");
  for (const auto& each :
       {GrowthCase{"a metric's name",
                   R"({"metrics":{")" + kLong + R"(":{"data":[)" + samples + "]}}}"},
        GrowthCase{"a node",
                   R"({"metrics":{")" + kLong + R"(":{"x":{"data":[)" + samples + "]}}}}"},
        GrowthCase{"the labels of buckets", R"({"metrics":{"x":{"data":[{"labels":{"a":")" + kLong +
                                                R"("},"bucket":{)" + buckets() +
                                                R"(},"sum":1,"count":1}]}}})"},
        GrowthCase{"a histogram's name", R"({"metrics":{")" + kLong + R"(":{"data":[{"bucket":{)" +
                                             buckets() + R"(},"sum":1,"count":1}]}}})"}}) {
    expectLimit(whatsapp::parseStatistics, each);
  }
}

TEST(JsonGrowthTest, BoundsWhatBecomesOfSpectatorJson) {
  const auto pageOf = [](const std::string& service, const std::string& name,
                         const std::string& values) {
    return R"({"applicationName":")" + service + R"(","metrics":{")" + name +
           R"(":{"kind":"Gauge","values":[)" + values + "]}}}";
  };
  const std::string value = R"({"tags":[],"values":[{"t":1,"v":1}]})";
  std::string tags;
  for (std::size_t i = 0; i < 5'000; ++i) {
    tags += (i == 0 ? "" : ",") + std::string(R"({"tags":[{"key":"k)") + std::to_string(i) +
            R"(","value":"v"}],"values":[{"v":1}]})";
  }
  const auto read = [](std::string_view page) { return spinnaker::readSpectator(page, {}); };
  for (const auto& each : {GrowthCase{"a meter's name", pageOf("gate", kLong, repeated(value))},
                           GrowthCase{"the service", pageOf(kLong, "m", repeated(value))},
                           GrowthCase{"labels that are filled in", pageOf("gate", "m", tags)}}) {
    expectLimit(read, each);
  }
}

// No line of it has a sample.
TEST(JsonGrowthTest, ALongKeyAroundManyMetricsTakesNoTime) {
  const std::string key(1U << 20, 'k');
  const auto page =
      whatsapp::parseStatistics(R"({"metrics":{")" + key + R"(":{"node":{"x":{"data":[)" +
                                repeated(R"({"value":1})") + "]}}}}}");
  ASSERT_TRUE(page) << page.error().what;
  EXPECT_EQ(page->samples, kMany);
}

TEST(JsonGrowthTest, AnErrorNamesTheBeginOfALongPath) {
  const std::string key(1U << 20, 'k');
  const auto page =
      whatsapp::parseStatistics(R"({"metrics":{")" + key + R"(":{"x":{"data":[{}]}}}})");
  ASSERT_FALSE(page);
  EXPECT_THAT(page.error().what, HasSubstr("JSON at metrics.kkk"));
  EXPECT_LT(page.error().what.size(), 400U);
}

}  // namespace
}  // namespace postern::presets
