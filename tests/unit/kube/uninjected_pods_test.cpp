#include "kube/uninjected_pods.h"

#include "unit/kube/api_fixture.h"

namespace postern::kube {
namespace {

using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

json podListOf(const std::vector<std::string>& namespaces, const std::string& next = "") {
  json items = json::array();
  for (const auto& name : namespaces) items.push_back({{"metadata", {{"namespace", name}}}});
  return {{"metadata", {{"continue", next}}}, {"items", items}};
}

class UninjectedPodsTest : public ApiTest {
 protected:
  UninjectedPods uninjected{*api};
};

TEST_F(UninjectedPodsTest, CountsByNamespace) {
  answers([](const Asked&) { return FakeAnswer{200, podListOf({"shop", "bank", "shop"})}; });

  const auto next = uninjected.update(never);

  EXPECT_THAT(uninjected.counts(), UnorderedElementsAre(Pair("bank", 1), Pair("shop", 2)));
  EXPECT_EQ(next, 1min);
}

TEST_F(UninjectedPodsTest, AsksForTheMetadataOfPodsThatLackTheirSidecarAndHaveNotEnded) {
  answers([](const Asked&) { return FakeAnswer{200, podListOf({})}; });

  uninjected.update(never);

  ASSERT_EQ(asked().size(), 1U);
  EXPECT_EQ(asked()[0].path,
            "/api/v1/pods?limit=500"
            "&labelSelector=postern.io%2Finject%2Cpostern.io%2Finject%21%3Dfalse%2Cpostern.io%"
            "2Fstatus%21%3Dinjected"
            "&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed");
  EXPECT_THAT(asked()[0].accept, HasSubstr("as=PartialObjectMetadataList"));
}

TEST_F(UninjectedPodsTest, DoesNotCountMirrorsOfStaticPods) {
  answers([](const Asked&) {
    auto pods = podListOf({"shop", "shop", "shop"});
    pods["items"][0]["metadata"]["ownerReferences"] = {{{"kind", "Node"}, {"name", "cp-1"}}};
    pods["items"][1]["metadata"]["ownerReferences"] = {{{"kind", "ReplicaSet"}, {"name", "web"}}};
    return FakeAnswer{200, pods};
  });

  uninjected.update(never);

  EXPECT_THAT(uninjected.counts(), UnorderedElementsAre(Pair("shop", 2)));
}

TEST_F(UninjectedPodsTest, ReadsEveryPage) {
  answers([](const Asked& asked) {
    if (asked.path.ends_with("&continue=a%2Fb")) return FakeAnswer{200, podListOf({"shop"}, "c")};
    if (asked.path.ends_with("&continue=c")) return FakeAnswer{200, podListOf({"bank"})};
    return FakeAnswer{200, podListOf({"shop"}, "a/b")};
  });

  uninjected.update(never);

  EXPECT_EQ(asked().size(), 3U);
  EXPECT_THAT(uninjected.counts(), UnorderedElementsAre(Pair("bank", 1), Pair("shop", 2)));
}

TEST_F(UninjectedPodsTest, BeginsAgainWhenTheListHasBecomeTooOld) {
  int goes = 0;
  answers([&goes](const Asked& asked) {
    if (asked.path.find("continue=") == std::string::npos)
      return FakeAnswer{200, podListOf({"shop"}, "c")};
    return goes++ == 0 ? refuses(410, "The provided continue parameter is too old")
                       : FakeAnswer{200, podListOf({"bank"})};
  });

  uninjected.update(never);

  EXPECT_EQ(asked().size(), 4U);
  EXPECT_EQ(api->counts(), (ApiClient::RequestCounts{4, 0, 0}));
  EXPECT_THAT(uninjected.counts(), UnorderedElementsAre(Pair("bank", 1), Pair("shop", 1)));
}

TEST_F(UninjectedPodsTest, GivesUpAListThatIsAlwaysTooOld) {
  answers([](const Asked& asked) {
    if (asked.path.find("continue=") == std::string::npos)
      return FakeAnswer{200, podListOf({"shop"}, "c")};
    return refuses(410, "too old");
  });

  uninjected.update(never);

  EXPECT_EQ(asked().size(), 8U);
  EXPECT_EQ(api->counts(), (ApiClient::RequestCounts{7, 1, 0}));
  EXPECT_THAT(uninjected.counts(), IsEmpty());
}

TEST_F(UninjectedPodsTest, KeepsTheCountsWhenAListFails) {
  answers([](const Asked&) { return FakeAnswer{200, podListOf({"shop"})}; });
  uninjected.update(never);
  answers([](const Asked& asked) {
    return asked.path.find("continue=") == std::string::npos
               ? FakeAnswer{200, podListOf({"bank"}, "c")}
               : refuses(500, "etcd is away");
  });

  uninjected.update(never);

  EXPECT_THAT(uninjected.counts(), UnorderedElementsAre(Pair("shop", 1)));
}

TEST_F(UninjectedPodsTest, KeepsAskingWithoutTheRightToListPods) {
  answers([](const Asked&) { return refuses(403, "cannot list resource \"pods\""); });

  for (int minute = 0; minute < 3; ++minute) EXPECT_EQ(uninjected.update(never), 1min);

  EXPECT_EQ(api->counts(), (ApiClient::RequestCounts{0, 3, 0}));
  EXPECT_THAT(uninjected.counts(), IsEmpty());
}

TEST_F(UninjectedPodsTest, ForgetsANamespaceThatHasNoneAnyMore) {
  answers([](const Asked&) { return FakeAnswer{200, podListOf({"shop", "bank"})}; });
  uninjected.update(never);
  answers([](const Asked&) { return FakeAnswer{200, podListOf({"bank"})}; });

  uninjected.update(never);

  EXPECT_THAT(uninjected.counts(), UnorderedElementsAre(Pair("bank", 1)));
}

TEST_F(UninjectedPodsTest, CountsTheNamespacesBeyondAThousandTogether) {
  std::vector<std::string> names;
  for (int i = 0; i < 1010; ++i) names.push_back("n" + std::to_string(i));
  answers([&names](const Asked&) { return FakeAnswer{200, podListOf(names)}; });

  uninjected.update(never);

  EXPECT_EQ(uninjected.counts().size(), 1001U);
  EXPECT_EQ(uninjected.counts().at("(others)"), 10U);
}

TEST_F(UninjectedPodsTest, StopsBetweenTwoPages) {
  std::stop_source stop;
  answers([&stop](const Asked&) {
    stop.request_stop();
    return FakeAnswer{200, podListOf({"shop"}, "more")};
  });

  uninjected.update(stop.get_token());

  EXPECT_EQ(asked().size(), 1U);
  EXPECT_THAT(uninjected.counts(), IsEmpty());
}

}  // namespace
}  // namespace postern::kube
