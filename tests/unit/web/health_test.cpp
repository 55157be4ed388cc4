#include "web/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "presets/whatsapp/health.h"
#include "presets/whatsapp/product.h"
#include "unit/web/live_loop.h"
#include "web/legacy_endpoints.h"
#include "web/service.h"
#include "web/status.h"

namespace postern::web {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kAnHour = "1970-01-01T01:00:00Z";
constexpr SystemTime kReadAt{3600s};

exposition::Health healthWith(std::vector<exposition::Node> nodes) {
  exposition::Health health{.nodes = std::move(nodes)};
  for (auto& node : health.nodes) node.problem = presets::whatsapp::whyNotConnected(node);
  health.healthy = presets::whatsapp::isHealthy(health.nodes);
  return health;
}

const exposition::Node kMaster{"h1:master", "h1", "primary_master", "disconnected", {}};
const exposition::Node kCore{"h2:core", "h2", "coreapp", "connected", {}};
const exposition::Node kBrokenCore{"h2:core", "h2", "coreapp", "", {"Service not ready (1011)"}};

// Targets with scripted results of scrapes.
class HealthTest : public ::testing::Test {
 protected:
  std::shared_ptr<scrape::Target> add(
      const std::string& name, config::PageFormat format = presets::whatsapp::kHealthFormat) {
    config::Target config;
    config.name = name;
    config.url = {"localhost", 1, ""};
    config.tls.ca_file = "/does/not/exist/ca.crt";
    config.pages = {config::Page{"/metrics", config::Format::Text, {}, true, 0ms, 0ms},
                    config::Page{"/v1/health", format, {}, false, 0ms, 0ms}};
    targets.all.push_back(live.makeTarget(config));
    return targets.all.back();
  }

  static scrape::Stats::FetchSummary goodScrape() {
    scrape::Stats::FetchSummary fetched;
    fetched.samples = 1;
    fetched.pages.resize(2);
    fetched.fetch_infos.resize(2);
    return fetched;
  }
  static void scraped(const scrape::Target& target, scrape::Stats::FetchSummary fetched) {
    target.stats()->fetched(std::move(fetched), {"/metrics", "/v1/health"}, kReadAt);
  }
  static void scrapedWith(const scrape::Target& target, std::vector<exposition::Node> nodes) {
    auto fetched = goodScrape();
    fetched.fetch_infos[1].format = presets::whatsapp::kHealthFormat;
    fetched.fetch_infos[1].health =
        std::make_shared<exposition::Health>(healthWith(std::move(nodes)));
    fetched.fetch_infos[1].health_at = kReadAt;
    scraped(target, std::move(fetched));
  }
  static void scrapedWithoutHealth(const scrape::Target& target) {
    auto fetched = goodScrape();
    fetched.fetch_infos[1].format = presets::whatsapp::kHealthFormat;
    fetched.pages[1] = Error{Fault::Timeout, "page /v1/health: too late", "", {}};
    scraped(target, std::move(fetched));
  }
  static void failed(const scrape::Target& target) {
    auto fetched = goodScrape();
    fetched.error = Error{Fault::Connect, "refused", "", {}};
    fetched.pages = {fetched.error, fetched.error};
    scraped(target, std::move(fetched));
  }

  nlohmann::json healthOfAll() const {
    return nlohmann::json::parse(health(viewsOf(targets)).json);
  }
  nlohmann::json statusOf(std::size_t target) const {
    return nlohmann::json::parse(status(viewsOf(targets), {}, kReadAt))["targets"][target];
  }
  std::string table(int expected) const {
    const auto reply = healthTable(viewsOf(targets), ".");
    EXPECT_EQ(reply.head.status, expected);
    return reply.body;
  }

  LiveLoop live;
  Targets targets;
};

TEST_F(HealthTest, CallsATargetHealthyOnlyWhenThatIsKnown) {
  using Make = std::function<void(const scrape::Target&)>;
  struct Case {
    const char* name;
    Make make;
    const char* state;
    nlohmann::json healthy;
    int status;
    const char* headline;
    const char* color;
    const char* words;
  };
  const Case cases[] = {
      {"nobody has scraped it", [](const auto&) {}, "unknown", nullptr, 200, "is unknown", "soft",
       "not scraped yet"},
      {"healthy", [](const auto& t) { scrapedWith(t, {kCore}); }, "ok", true, 200,
       "All targets are healthy.", "good", "scraped without fault"},
      {"a master in reserve is healthy",
       [](const auto& t) {
         scrapedWith(t, {kMaster, kCore});
       },
       "ok", true, 200, "All targets are healthy.", "good", "scraped without fault"},
      {"it says that it is not healthy",
       [](const auto& t) {
         scrapedWith(t, {kMaster, kBrokenCore});
       },
       "unhealthy", false, 503, "Not all targets are healthy.", "bad",
       "the service reports that it is not healthy"},
      {"the page of its health failed", [](const auto& t) { scrapedWithoutHealth(t); }, "unknown",
       nullptr, 200, "is unknown", "soft", "scraped, but the health of the service is unknown"},
      {"it was not healthy, then the page failed",
       [](const auto& t) {
         scrapedWith(t, {kBrokenCore});
         scrapedWithoutHealth(t);
       },
       "unknown", nullptr, 200, "is unknown", "soft",
       "scraped, but the health of the service is unknown"},
      {"the scrape failed", [](const auto& t) { failed(t); }, "failing", nullptr, 503,
       "Not all targets are healthy.", "bad", "the service cannot be reached"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    targets.all.clear();
    const auto target = add("t");
    each.make(*target);
    const auto all = healthOfAll();
    EXPECT_EQ(all["state"], each.state);
    EXPECT_EQ(all["targets"][0]["state"], each.state);
    EXPECT_EQ(all["targets"][0]["healthy"], each.healthy);
    EXPECT_EQ(health(viewsOf(targets)).well, each.status == 200);
    EXPECT_EQ(health(viewOf(*target)).well, each.status == 200);
    EXPECT_EQ(statusOf(0)["state"], each.state);
    EXPECT_EQ(statusOf(0)["health"]["healthy"], each.healthy);
    EXPECT_THAT(table(each.status),
                AllOf(HasSubstr(each.headline),
                      HasSubstr("class=\"" + std::string(each.color) + "\">" + each.words)));
  }
}

TEST_F(HealthTest, NamesTheFailingNodesWithRoleReasonAndTime) {
  const auto target = add("t");
  scrapedWith(*target, {kMaster, kBrokenCore});
  const nlohmann::json nodes = {
      {{"node", "h1:master"}, {"role", "primary_master"}, {"reason", "disconnected"}},
      {{"node", "h2:core"}, {"role", "coreapp"}, {"reason", "Service not ready (1011)"}}};
  for (const auto& reported : {healthOfAll()["targets"][0], statusOf(0)["health"],
                               nlohmann::json::parse(health(viewOf(*target)).json)}) {
    EXPECT_EQ(reported["as_of"], kAnHour);
    EXPECT_EQ(reported["failing_nodes"], nodes);
  }
  EXPECT_THAT(statusOf(0)["warnings"].dump(),
              HasSubstr("node h2:core (coreapp) is not connected: Service not ready (1011) (read " +
                        std::string(kAnHour) + ")"));
  EXPECT_THAT(table(503), HasSubstr("h2:core (coreapp)</td><td class=\"bad\">Service not ready "
                                    "(1011), read 1970-01-01T01:00:00Z"));

  scrapedWithoutHealth(*target);
  EXPECT_TRUE(statusOf(0)["health"]["failing_nodes"].empty()) << "missing without the page";
  EXPECT_TRUE(statusOf(0)["health"]["as_of"].is_null());
  EXPECT_FALSE(nlohmann::json::parse(health(viewOf(*target)).json).contains("nodes"));
  EXPECT_THAT(table(200), AllOf(Not(HasSubstr("h2:core")), HasSubstr("page /v1/health failed")));
}

TEST_F(HealthTest, NamesFiveNodesInItsWarningsAndCountsTheOthers) {
  const auto target = add("t");
  std::vector<exposition::Node> nodes(9, kBrokenCore);
  scrapedWith(*target, std::move(nodes));
  const auto warnings = statusOf(0)["warnings"];
  EXPECT_EQ(warnings.size(), 6U);
  EXPECT_THAT(warnings.back().get<std::string>(), HasSubstr("4 more nodes"));
}

TEST_F(HealthTest, TakesTheWorstStateForAllTargets) {
  const auto state = [&] { return healthOfAll()["state"]; };
  scraped(*add("plain", config::Format::Text), goodScrape());
  EXPECT_EQ(state(), "ok");
  EXPECT_TRUE(statusOf(0)["health"].is_null()) << "no page contains it";
  EXPECT_FALSE(healthOfAll()["targets"][0].contains("healthy"));
  add("unknown");
  EXPECT_EQ(state(), "unknown");
  scrapedWith(*add("unhealthy"), {kBrokenCore});
  EXPECT_EQ(state(), "unhealthy");
  failed(*add("failing"));
  EXPECT_EQ(state(), "failing");
}

}  // namespace
}  // namespace postern::web
