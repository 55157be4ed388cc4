#include "presets/whatsapp/health.h"

#include <gmock/gmock.h>

#include <utility>

#include "exposition/families.h"

#include "unit/exposition/pages.h"

namespace postern::presets::whatsapp {
namespace {

using namespace exposition;

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Health parsedHealth(std::string_view json) {
  auto health = parseHealth(json);
  EXPECT_TRUE(health) << (health ? "" : health.error().what);
  return health ? *std::move(health) : Health{};
}

constexpr std::string_view kCluster = R"({"health":{
  "10.210.71.117:wa-master-447418342132-0":{"gateway_status":"disconnected","role":"primary_master"},
  "10.210.72.103:wa-core-447418342132-0":{"gateway_status":"connected","role":"coreapp"}},
  "meta":{"version":"v2.21.6","api_status":"stable"}})";

TEST(WhatsappHealthTest, ReadsASingleInstance) {
  const Health health = parsedHealth(R"({"health":{"gateway_status":"connected"}})");
  ASSERT_EQ(health.nodes.size(), 1U);
  EXPECT_EQ(health.nodes[0].name, "");
  EXPECT_EQ(health.nodes[0].status, "connected");
  EXPECT_TRUE(health.healthy);
}

TEST(WhatsappHealthTest, ReadsTheNodesOfACluster) {
  const Health health = parsedHealth(kCluster);
  ASSERT_EQ(health.nodes.size(), 2U);
  EXPECT_EQ(health.nodes[0].host, "10.210.71.117");
  EXPECT_EQ(health.nodes[0].name, "10.210.71.117:wa-master-447418342132-0");
  EXPECT_EQ(health.nodes[0].role, "primary_master");
  EXPECT_EQ(health.nodes[0].status, "disconnected");
  EXPECT_EQ(health.nodes[1].name, "10.210.72.103:wa-core-447418342132-0");
  EXPECT_TRUE(health.healthy);
}

TEST(WhatsappHealthTest, TakesTheHostOfANodeUpToTheLastColonOfItsKey) {
  const Health health = parsedHealth(
      R"({"health":{"[fd00::1]:core":{"gateway_status":"connected"},"x":{"gateway_status":"connected"}}})");
  ASSERT_EQ(health.nodes.size(), 2U);
  EXPECT_EQ(health.nodes[0].host, "[fd00::1]");
  EXPECT_EQ(health.nodes[0].name, "[fd00::1]:core");
  EXPECT_EQ(health.nodes[1].host, "");
  EXPECT_EQ(health.nodes[1].name, "x");
}

TEST(WhatsappHealthTest, ReadsTheErrorsOfANode) {
  const Health health = parsedHealth(R"({"health":{"h:c":{"errors":[
    {"title":"Service not ready","code":1011,"details":"Wacore is not instantiated.","href":""},
    {"title":"Internal error","code":1014},{"title":"Odd"},{}]}}})");
  ASSERT_EQ(health.nodes.size(), 1U);
  EXPECT_THAT(health.nodes[0].errors,
              ElementsAre("Service not ready (1011) - Wacore is not instantiated.",
                          "Internal error (1014)", "Odd", "unnamed error"));
  EXPECT_FALSE(health.healthy);
}

TEST(WhatsappHealthTest, SaysWhatIsWrongWithThePage) {
  const auto fails = [](std::string_view json, Fault fault, std::string_view complaint) {
    SCOPED_TRACE(json);
    const auto health = parseHealth(json);
    ASSERT_FALSE(health);
    EXPECT_EQ(health.error().fault, fault);
    EXPECT_THAT(health.error().what, HasSubstr(complaint));
  };

  fails("<html>", Fault::Format, "HTML");
  fails(R"({"meta":{}})", Fault::Format, "missing `health`");
  fails(R"({"health":{"h:c":{"role":"coreapp"}}})", Fault::Format,
        "health.h:c: expected gateway_status or errors");
  fails(R"({"health":{"h:c":1}})", Fault::Format, "health.h:c");
  fails(R"({"health":{"h:c":{"gateway_status":{}}}})", Fault::Format, "expected a string");
  fails(R"({"health":{"h:c":{"gateway_status":"conn)", Fault::Format, "JSON");
  fails(R"({"health":{}})", Fault::Empty, "no node");
  fails(R"({"health":[]})", Fault::Empty, "no node");
}

TEST(WhatsappHealthTest, JudgesByTheRuleOfHighAvailability) {
  const auto node = [](std::string role, std::string status) {
    return Node{{}, {}, std::move(role), std::move(status), {}};
  };
  const Node master = node("primary_master", "connected");
  const Node spare = node("secondary_master", "disconnected");
  const Node core = node("coreapp", "connected");
  const Node plain = node("", "connected");
  const auto disconnected = [](Node changed) {
    changed.status = "disconnected";
    return changed;
  };
  const auto failing = [](Node changed) {
    changed.status.clear();
    changed.errors = {"Service not ready (1011)"};
    return changed;
  };
  const auto healthy = [](const std::vector<Node>& nodes) { EXPECT_TRUE(isHealthy(nodes)); };
  const auto unhealthy = [](const std::vector<Node>& nodes) { EXPECT_FALSE(isHealthy(nodes)); };

  // Without roles, or without exactly one primary master, all containers count
  healthy({plain});
  healthy({plain, core});
  healthy({core, core});
  unhealthy({});
  unhealthy({disconnected(plain)});
  unhealthy({plain, disconnected(core)});
  unhealthy({core, failing(core)});
  unhealthy({master, disconnected(master), core});
  // One primary master and one core: only the core counts
  healthy({master, core});
  healthy({disconnected(master), core});
  healthy({failing(master), core});
  healthy({disconnected(master), spare, core});
  unhealthy({master, disconnected(core)});
  unhealthy({master, failing(core)});
  // One primary master and several cores: one core is enough
  healthy({disconnected(master), core, disconnected(core)});
  healthy({disconnected(master), failing(core), core});
  unhealthy({master, disconnected(core), failing(core)});
  // One primary master and no core: all count
  healthy({master});
  unhealthy({disconnected(master)});
  unhealthy({master, spare});
}

TEST(WhatsappHealthTest, MakesFamiliesOfTheHealth) {
  Health health = parsedHealth(R"({"health":{
    "h:m":{"gateway_status":"disconnected","role":"primary_master"},
    "h:c":{"gateway_status":"connected","role":"coreapp"},
    "h:x":{"errors":[{"title":"t"}]},"h:y":{"gateway_status":"banned"}}})");
  const Families families = healthFamilies(health, "447418342132", "Test \"company\"");

  const std::string page = written(families);
  EXPECT_EQ(check(page).counts.kept, families.samples);
  for (const std::string_view line : {
           "# TYPE whatsapp_node_up gauge",
           "whatsapp_node_up{node=\"h:m\",role=\"primary_master\"} 0",
           "whatsapp_node_up{node=\"h:c\",role=\"coreapp\"} 1",
           "whatsapp_node_up{node=\"h:x\",role=\"\"} 0",
           "# TYPE whatsapp_node_status gauge",
           "whatsapp_node_status{node=\"h:m\",role=\"primary_master\",status=\"disconnected\"} 1",
           "whatsapp_node_status{node=\"h:m\",role=\"primary_master\",status=\"connected\"} 0",
           "whatsapp_node_status{node=\"h:m\",role=\"primary_master\",status=\"uninitialized\"} 0",
           "whatsapp_node_status{node=\"h:x\",role=\"\",status=\"error\"} 1",
           "whatsapp_node_status{node=\"h:y\",role=\"\",status=\"banned\"} 1",
           "# TYPE whatsapp_cluster_health gauge",
           "whatsapp_cluster_health{customer=\"447418342132\",customer_name=\"Test "
           "\\\"company\\\"\"} "
           "1",
       }) {
    EXPECT_THAT(page, HasSubstr(std::string(line) + "\n"));
  }
  EXPECT_EQ(families.samples, 4U + 4 * 5 + 2 + 1);
}

TEST(WhatsappHealthTest, NamesANodeAsTheStatisticsPagesDo) {
  for (const std::string_view key :
       {"10.0.0.1:wa-core-0", "wa-core-0", "[fd00::1]:wa-core-0", "host.internal:8080:core",
        "core:", ":core", R"(h\u00e9:core)", R"(10.0.0.1:wa \"core\")"}) {
    SCOPED_TRACE(key);
    const std::string name = "\"" + std::string(key) + "\"";
    const auto labelOf = [](const std::string& page) {
      const auto from = page.find("node=");
      return page.substr(from, page.find_first_of(",}", from) - from);
    };
    const auto health = parsedHealth(R"({"health":{)" + name +
                                     R"(:{"gateway_status":"connected","role":"coreapp"}}})");
    for (const char* const page :
         {R"({"stats":{"app":{KEY:{"m":{"data":[{"value":1}]}}}}})",
          R"({"stats":{"db":{KEY:{"m":{"data":[{"value":1}]}}}}})",
          R"({"stats":{"app":{"internal":{KEY:{"m":{"data":[{"value":1}]}}}}}})"}) {
      std::string json = page;
      json.replace(json.find("KEY"), 3, name);
      auto statistics = parseStatistics(json);
      ASSERT_TRUE(statistics) << json;
      EXPECT_EQ(labelOf(written(*statistics)), labelOf(written(healthFamilies(health, "1", ""))));
    }
  }
}

TEST(WhatsappHealthTest, SaysWhyANodeIsNotConnected) {
  const auto why = [](std::string status, std::vector<std::string> errors) {
    return whyNotConnected({"n", "", "", std::move(status), std::move(errors)});
  };
  EXPECT_EQ(why("connected", {}), "");
  EXPECT_EQ(why("disconnected", {}), "disconnected");
  EXPECT_EQ(why("", {"a (1) - b", "c"}), "a (1) - b; c");
  EXPECT_EQ(why("connected", {"a"}), "connected; a");
}

}  // namespace
}  // namespace postern::presets::whatsapp
