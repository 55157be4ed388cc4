#include "kube/native_sidecars.h"

#include "unit/kube/api_fixture.h"

namespace postern::kube {
namespace {

TEST(HasNativeSidecarsTest, From129On) {
  const auto has = [](std::string_view version) {
    SCOPED_TRACE(version);
    EXPECT_TRUE(hasNativeSidecars(version));
  };
  const auto lacks = [](std::string_view version) {
    SCOPED_TRACE(version);
    EXPECT_FALSE(hasNativeSidecars(version));
  };

  has("v1.29.0");
  has("v1.29.3-eks-ae9a62a");
  has("1.30+");
  has("v1.100.0");
  has("v2.0.0");

  lacks("v1.28.9");
  lacks("v1.9.11");
  lacks("v0.29.0");

  // No version
  lacks("");
  lacks("v1");
  lacks("v1.");
  lacks("v1.x");
  lacks("v1.99999999999999999999");
  lacks("latest");
}

// Nodes as a Table has them, with the columns that kubectl prints.
json nodes(const std::vector<std::string>& kubelets, const std::string& next = "") {
  json rows = json::array();
  for (const auto& kubelet : kubelets) {
    rows.push_back(
        {{"cells", {"node-" + std::to_string(rows.size()), "Ready", "<none>", "5d", kubelet}}});
  }
  json columns = json::array();
  for (const char* name : {"Name", "Status", "Roles", "Age", "Version"}) {
    columns.push_back({{"name", name}});
  }
  return {{"kind", "Table"},
          {"metadata", {{"continue", next}}},
          {"columnDefinitions", columns},
          {"rows", rows}};
}

class NativeSidecarsTest : public ApiTest {
 protected:
  void cluster(const std::string& server, const std::vector<std::string>& kubelets) {
    answers([=](const Asked& asked) {
      if (asked.path == "/version") return Told{200, {{"gitVersion", server}}};
      return Told{200, nodes(kubelets)};
    });
  }

  std::atomic<bool> supported = false;
  NativeSidecars native{*api, supported};
};

TEST_F(NativeSidecarsTest, AreThereWhenEveryPartIsNewEnough) {
  EXPECT_FALSE(supported);
  cluster("v1.33.1", {"v1.33.1", "v1.29.0"});

  const auto next = native.ask(never);

  EXPECT_TRUE(supported);
  EXPECT_EQ(next, 1h);
}

TEST_F(NativeSidecarsTest, AreNotThereWhenOnePartIsOlder) {
  const auto lacks = [this](const std::string& server, const std::vector<std::string>& kubelets) {
    cluster(server, kubelets);
    native.ask(never);
    EXPECT_FALSE(supported);
  };

  lacks("v1.28.9", {"v1.29.0"});
  lacks("v1.33.1", {"v1.33.1", "v1.28.9", "v1.33.1"});
  lacks("v1.33.1", {"v1.33.1", ""});
  // An autoscaler may bring any node.
  lacks("v1.33.1", {});
}

TEST_F(NativeSidecarsTest, LookAtEveryPageOfNodes) {
  answers([](const Asked& asked) {
    if (asked.path == "/version") return Told{200, {{"gitVersion", "v1.33.1"}}};
    if (asked.path.ends_with("continue=c")) return Told{200, nodes({"v1.28.0"})};
    return Told{200, nodes({"v1.33.1"}, "c")};
  });

  native.ask(never);

  EXPECT_FALSE(supported);
  EXPECT_EQ(asked()[1].path, "/api/v1/nodes?limit=500&includeObject=None");
  EXPECT_THAT(asked()[1].accept, HasSubstr("as=Table"));
  EXPECT_EQ(asked().size(), 3U);
}

TEST_F(NativeSidecarsTest, StayAsTheyWereKnownWhenTheClusterDoesNotAnswer) {
  cluster("v1.33.1", {"v1.33.1"});
  native.ask(never);
  answers([](const Asked&) { return refuses(503, "busy"); });

  const auto next = native.ask(never);

  EXPECT_TRUE(supported);
  EXPECT_EQ(next, 1min);
}

TEST_F(NativeSidecarsTest, StayAsTheyWereKnownWhenNoVersionIsTold) {
  answers([](const Asked& asked) {
    if (asked.path == "/version") return Told{200, {{"gitVersion", "v1.33.1"}}};
    return Told{200, {{"kind", "NodeList"}, {"items", json::array()}}};
  });

  EXPECT_EQ(native.ask(never), 1min);
  EXPECT_FALSE(supported);
}

TEST_F(NativeSidecarsTest, FollowTheCluster) {
  cluster("v1.33.1", {"v1.33.1"});
  native.ask(never);
  ASSERT_TRUE(supported);

  cluster("v1.33.1", {"v1.33.1", "v1.27.0"});
  native.ask(never);

  EXPECT_FALSE(supported);
}

}  // namespace
}  // namespace postern::kube
