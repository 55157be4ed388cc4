#include "kube/native_sidecars.h"

#include "unit/kube/api_fixture.h"

namespace postern::kube {
namespace {

TEST(KubernetesVersionTest, IsReadAsServersAndKubeletsWriteIt) {
  struct Case {
    const char* text;
    std::optional<KubernetesVersion> expected;
  };
  for (const auto& [text, expected] : std::vector<Case>{
           {"v1.29.0", {{1, 29}}},
           {"v1.29.3-eks-ae9a62a", {{1, 29}}},
           {"v1.28.7-gke.1026000", {{1, 28}}},
           {"v1.30.4+k3s1", {{1, 30}}},
           {"v1.31.0-rc.1", {{1, 31}}},
           {"1.30+", {{1, 30}}},
           {"1.30", {{1, 30}}},
           {"v1.100.0", {{1, 100}}},
           {"v2.0.0", {{2, 0}}},
           // Nodes without a kubelet
           {"v1.25.0-vk-azure-aci-1.6.2", {}},
           {"v1.14.3-vk", {}},
           {"v1.20.4_virtual", {}},
           {"kwok-v0.6.0", {}},
           {"v1.30.0-kwok", {}},
           {"fake", {}},
           {"v0.29.0", {}},
           // Not a version
           {"", {}},
           {"v1", {}},
           {"v1.", {}},
           {"v1.x", {}},
           {"v1.29x", {}},
           {"v1.-29", {}},
           {"v1.99999999999999999999", {}},
           {"latest", {}},
       }) {
    EXPECT_EQ(parseKubernetesVersion(text), expected) << text;
  }
}

// Nodes as in a Table, with the columns that kubectl prints.
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
      if (asked.path == "/version") return FakeAnswer{200, {{"gitVersion", server}}};
      return FakeAnswer{200, nodes(kubelets)};
    });
  }

  std::atomic<bool> supported = false;
  NativeSidecars native{*api, supported};
};

TEST_F(NativeSidecarsTest, AreThereWhenServerAndKubeletsAreNewEnough) {
  struct Case {
    const char* what;
    const char* server;
    std::vector<std::string> kubelets;
    bool expected;
    const char* because;  // in the log
  };
  for (const auto& each : std::vector<Case>{
           {"both are",
            "v1.31.1",
            {"v1.31.1", "v1.29.0"},
            true,
            "the API server is v1.31.1, and its 2 kubelets are 1.29 or newer"},
           {"the server is older",
            "v1.28.9",
            {"v1.29.0"},
            false,
            "the API server is v1.28.9, older than 1.29"},
           {"a kubelet is older",
            "v1.31.1",
            {"v1.31.1", "v1.28.9", "v1.27.0"},
            false,
            "the API server is v1.31.1, and node node-1 is \\\"v1.28.9\\\", older than 1.29"},
           // An autoscaler may add any node
           {"no node", "v1.31.1", {}, false, "the API server is v1.31.1, without a kubelet"},
           {"the server is enough",
            "v1.32.0",
            {},
            true,
            "the API server is v1.32.0, whose kubelets are 1.29 or newer"},
           {"for every version of its nodes",
            "v1.34.1",
            {"v1.34.1", "v1.25.0-vk-azure-aci-1.6.2"},
            true,
            "the API server is v1.34.1, whose kubelets"},
           {"virtual nodes decide nothing",
            "v1.31.1",
            {"v1.31.1", "v1.25.0-vk-azure-aci-1.6.2", ""},
            true,
            "its 1 kubelets are 1.29 or newer; 2 without a readable version are ignored, such as "
            "node node-1 is \\\"v1.25.0-vk-azure-aci-1.6.2\\\""},
           {"they alone decide nothing",
            "v1.31.1",
            {"kwok-v0.6.0", "fake"},
            false,
            "without a kubelet; 2 without a readable version are ignored"},
           {"nor beside an old kubelet",
            "v1.31.1",
            {"", "v1.28.0"},
            false,
            "node node-1 is \\\"v1.28.0\\\", older than 1.29"},
       }) {
    SCOPED_TRACE(each.what);
    std::atomic<bool> known = !each.expected;
    NativeSidecars asking(*api, known);
    cluster(each.server, each.kubelets);
    ::testing::internal::CaptureStderr();

    const auto next = asking.update(never);

    const auto said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(known, each.expected);
    EXPECT_EQ(next, 1h);
    EXPECT_THAT(said, HasSubstr(each.expected ? "pods get native sidecars from now on"
                                              : "pods get the sidecar as a plain container"));
    EXPECT_THAT(said, HasSubstr(each.because));
  }
}

TEST_F(NativeSidecarsTest, AsksForNoNodeWhereTheServerIsEnough) {
  cluster("v1.32.0", {});

  native.update(never);

  EXPECT_EQ(asked().size(), 1U);
}

TEST_F(NativeSidecarsTest, StayAsTheyWereKnownWhenTheServersVersionCannotBeRead) {
  for (const bool known : {false, true}) {
    supported = known;
    for (const auto* version : {"", "latest", "v0.1.0"}) {
      cluster(version, {"v1.31.1"});
      ::testing::internal::CaptureStderr();
      NativeSidecars asking(*api, supported);

      EXPECT_EQ(asking.update(never), 1min);

      const auto said = ::testing::internal::GetCapturedStderr();
      EXPECT_EQ(supported, known);
      EXPECT_THAT(said, HasSubstr("is not a Kubernetes version, expected one such as"));
      EXPECT_THAT(said, HasSubstr(known ? "pods get native sidecars as before"
                                        : "pods get the sidecar as a plain container"));
    }
  }
}

TEST_F(NativeSidecarsTest, ReadEveryPageOfNodes) {
  answers([](const Asked& asked) {
    if (asked.path == "/version") return FakeAnswer{200, {{"gitVersion", "v1.31.1"}}};
    if (asked.path.ends_with("continue=c")) return FakeAnswer{200, nodes({"v1.28.0"})};
    return FakeAnswer{200, nodes({"v1.31.1"}, "c")};
  });

  native.update(never);

  EXPECT_FALSE(supported);
  EXPECT_EQ(asked()[1].path, "/api/v1/nodes?limit=500&includeObject=None");
  EXPECT_THAT(asked()[1].accept, HasSubstr("as=Table"));
  EXPECT_EQ(asked().size(), 3U);
}

TEST_F(NativeSidecarsTest, StayAsTheyWereKnownWhenTheClusterDoesNotAnswer) {
  cluster("v1.31.1", {"v1.31.1"});
  native.update(never);
  answers([](const Asked&) { return refuses(503, "busy"); });

  const auto next = native.update(never);

  EXPECT_TRUE(supported);
  EXPECT_EQ(next, 1min);
}

TEST_F(NativeSidecarsTest, StayAsTheyWereKnownWhenNoVersionIsReported) {
  answers([](const Asked& asked) {
    if (asked.path == "/version") return FakeAnswer{200, {{"gitVersion", "v1.31.1"}}};
    return FakeAnswer{200, {{"kind", "NodeList"}, {"items", json::array()}}};
  });

  EXPECT_EQ(native.update(never), 1min);
  EXPECT_FALSE(supported);
}

TEST_F(NativeSidecarsTest, FollowTheCluster) {
  cluster("v1.31.1", {"v1.31.1"});
  native.update(never);
  ASSERT_TRUE(supported);

  cluster("v1.31.1", {"v1.31.1", "v1.27.0"});
  native.update(never);

  EXPECT_FALSE(supported);
}

}  // namespace
}  // namespace postern::kube
