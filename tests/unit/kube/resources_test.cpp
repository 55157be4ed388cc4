#include "kube/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/kube/pods.h"

namespace postern::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct ResourcesCase {
  const char* what;
  const char* spec;  // of the pod, beside an image and a name for each container
  PodOptions options;
  const char* expected;      // the sidecar's resources; empty: the pod is refused
  const char* said = "";     // a part of the warning or of the refusal; empty: nothing
  config::Pairs defaults{};  // of the fleet
};

// The chart's defaults.
const config::Pairs kFleet = {
    {"requests-cpu", "5m"}, {"requests-memory", "16Mi"}, {"limits-memory", "64Mi"}};

constexpr const char* kUsual =
    R"({"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}})";
constexpr const char* kShared = "null";

Json podWith(const ResourcesCase& each) {
  auto pod = podRequesting(each.options);
  pod["spec"].update(Json::parse(each.spec));
  int number = 0;
  for (const auto* list : {"containers", "initContainers"}) {
    if (!pod["spec"].contains(list)) continue;
    for (auto& container : pod["spec"][list]) container["name"] = "c" + std::to_string(number++);
  }
  return pod;
}

void expectCase(const ResourcesCase& each) {
  SCOPED_TRACE(each.what);
  const auto pod = podWith(each);
  const auto injection = inject(pod, rulesWith(each.defaults));
  if (*each.expected == '\0') {
    EXPECT_EQ(injection.result, InjectionResult::Refused);
    EXPECT_THAT(injection.refusal, HasSubstr(each.said));
    return;
  }
  ASSERT_EQ(injection.result, InjectionResult::Injected) << injection.refusal;
  EXPECT_EQ(sidecarIn(pod.patch(injection.patch)).value("resources", Json()),
            Json::parse(each.expected));
  if (*each.said == '\0') {
    EXPECT_THAT(injection.warnings, IsEmpty());
  } else {
    EXPECT_THAT(injection.warnings, ElementsAre(HasSubstr(each.said)));
  }
}

TEST(ResourcesTest, AreThePodsOwnWhereThePodHasSome) {
  constexpr const char* kPod = R"({"containers": [{"resources": {"requests": {"cpu": "100m",
      "memory": "128Mi"}}}], "resources": {"requests": {"cpu": "100m", "memory": "128Mi"},
      "limits": {"cpu": "500m", "memory": "256Mi"}}})";
  for (const auto& each : std::vector<ResourcesCase>{
           {"requests that the containers use up", kPod, {}, kShared},
           {"the fleet's defaults do not count", kPod, {}, kShared, "", kFleet},
           {"a limit below the sidecar's default",
            R"({"resources": {"limits": {"cpu": "100m", "memory": "48Mi"}}})",
            {},
            kShared},
           {"both equal: Guaranteed",
            R"({"resources": {"requests": {"cpu": 1, "memory": "1Gi"},
                "limits": {"cpu": 1, "memory": "1Gi"}}})",
            {},
            kShared},
           {"CPU alone",
            R"({"resources": {"requests": {"cpu": "1"}}})",
            {},
            R"({"requests": {"memory": "16Mi"}, "limits": {"memory": "64Mi"}})"},
           {"memory alone",
            R"({"resources": {"limits": {"memory": "1Gi"}}})",
            {},
            R"({"requests": {"cpu": "5m"}})"},
           {"neither CPU nor memory",
            R"({"resources": {"requests": {"hugepages-2Mi": "2Mi"}}})",
            {},
            kUsual},
           {"an empty map", R"({"resources": {}})", {}, kUsual},
           {"null", R"({"resources": null})", {}, kUsual},
           {"not a map", R"({"resources": []})", {}, kUsual},
       }) {
    expectCase(each);
  }
}

TEST(ResourcesTest, AreRefusedWithTheSumsWhereThePodHasNoMore) {
  constexpr const char* kPod = R"({"containers": [{"resources": {"requests": {"cpu": "100m",
      "memory": "100Mi"}}}], "resources": {"requests": {"cpu": "110m", "memory": "128Mi"},
      "limits": {"cpu": "500m", "memory": "256Mi"}}})";
  for (const auto& each : std::vector<ResourcesCase>{
           {"what is left",
            kPod,
            {{"requests-memory", "28Mi"}, {"requests-cpu", "10m"}},
            R"({"requests": {"cpu": "10m", "memory": "28Mi"}})"},
           {"more memory",
            kPod,
            {{"requests-memory", "29Mi"}},
            "",
            "postern.io/requests-memory: with 29Mi for the sidecar the containers request 129Mi, "
            "more than the 128Mi of the pod's spec.resources.requests; lower it or remove it"},
           {"more CPU",
            kPod,
            {{"requests-cpu", "11m"}},
            "",
            "postern.io/requests-cpu: with 11m for the sidecar the containers request 111m, more "
            "than the 110m"},
           {"a limit counts as request",
            kPod,
            {{"limits-memory", "64Mi"}},
            "",
            "postern.io/limits-memory: with 64Mi for the sidecar the containers request 164Mi"},
           {"a limit and a request",
            kPod,
            {{"requests-memory", "20Mi"}, {"limits-memory", "64Mi"}},
            R"({"requests": {"memory": "20Mi"}, "limits": {"memory": "64Mi"}})"},
           {"a limit above the pod's",
            kPod,
            {{"requests-memory", "20Mi"}, {"limits-memory", "300Mi"}},
            "",
            "postern.io/limits-memory: 300Mi is more than the 256Mi of the pod's "
            "spec.resources.limits, expected at most as much"},
           {"only a limit of the pod",
            R"({"containers": [{"resources": {"limits": {"memory": "40Mi"}}}],
                "resources": {"limits": {"memory": "48Mi"}}})",
            {{"requests-memory", "16Mi"}},
            "",
            "with 16Mi for the sidecar the containers request 56Mi, more than the 48Mi of the "
            "pod's spec.resources.limits"},
           {"native sidecars count beside the containers",
            R"({"initContainers": [{"restartPolicy": "Always", "resources": {"requests":
                {"memory": "20Mi"}}}], "resources": {"requests": {"memory": "30Mi"}}})",
            {{"requests-memory", "16Mi"}},
            "",
            "the containers request 36Mi"},
           {"an init container has ended by then",
            R"({"initContainers": [{"resources": {"requests": {"memory": "20Mi"}}}],
                "resources": {"requests": {"memory": "30Mi"}}})",
            {{"requests-memory", "16Mi"}},
            R"({"requests": {"cpu": "5m", "memory": "16Mi"}})"},
           {"decimal fractions",
            R"({"containers": [{"resources": {"requests": {"cpu": 0.2}}}],
                "resources": {"requests": {"cpu": 0.3}}})",
            {{"requests-cpu", "0.1"}},
            R"({"requests": {"cpu": "0.1", "memory": "16Mi"},
 "limits": {"memory": "64Mi"}})"},
       }) {
    expectCase(each);
  }
}

TEST(ResourcesTest, KeepAGuaranteedPodGuaranteedOrWarn) {
  constexpr const char* kPod = R"({"containers": [{"resources": {
      "requests": {"cpu": "2", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "1Gi"}}}]})";
  constexpr const char* kEqual =
      R"({"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "100m",
          "memory": "64Mi"}})";
  for (const auto& each : std::vector<ResourcesCase>{
           {"requests equal limits", kPod, {}, kEqual},
           {"the same with the fleet's defaults", kPod, {}, kEqual, "", kFleet},
           {"requests are missing, and equal by that",
            R"({"containers": [{"resources": {"limits": {"cpu": 2, "memory": "1Gi"}}}]})",
            {},
            kEqual},
           {"another spelling of the same",
            R"({"containers": [{"resources": {"requests": {"cpu": "2000m", "memory": "1024Mi"},
                "limits": {"cpu": 2, "memory": "1Gi"}}}]})",
            {},
            kEqual},
           {"limits of the fleet",
            kPod,
            {},
            R"({"requests": {"cpu": "500m", "memory": "96Mi"}, "limits": {"cpu": "500m",
                "memory": "96Mi"}})",
            "",
            {{"requests-cpu", "5m"}, {"limits-cpu", "500m"}, {"limits-memory", "96Mi"}}},
           {"requests of the fleet above the limit",
            kPod,
            {},
            R"({"requests": {"cpu": "200m", "memory": "64Mi"}, "limits": {"cpu": "200m",
                "memory": "64Mi"}})",
            "",
            {{"requests-cpu", "200m"}}},
           {"a limit of the pod",
            kPod,
            {{"limits-memory", "80Mi"}},
            R"({"requests": {"cpu": "100m", "memory": "80Mi"}, "limits": {"cpu": "100m",
                "memory": "80Mi"}})"},
           {"a request of the pod that is the limit", kPod, {{"requests-memory", "64Mi"}}, kEqual},
           {"a request of the pod below the limit",
            kPod,
            {{"requests-memory", "32Mi"}},
            R"({"requests": {"cpu": "100m", "memory": "32Mi"}, "limits": {"cpu": "100m",
                "memory": "64Mi"}})",
            "postern: the pod is Guaranteed and becomes Burstable, as postern.io/requests-memory "
            "is 32Mi and the limit 64Mi; remove it, and both are equal"},
           {"a CPU request of the pod",
            kPod,
            {{"requests-cpu", "5m"}},
            R"({"requests": {"cpu": "5m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}})",
            "becomes Burstable, as postern.io/requests-cpu is 5m and the limit is missing"},
       }) {
    expectCase(each);
  }
}

TEST(ResourcesTest, AreTheUsualOnesInEveryOtherPod) {
  for (const auto& each : std::vector<ResourcesCase>{
           {"nothing is said", R"({"containers": [{}]})", {}, kUsual},
           {"a request is lower",
            R"({"containers": [{"resources": {"requests": {"cpu": "1", "memory": "1Gi"},
                "limits": {"cpu": "2", "memory": "1Gi"}}}]})",
            {},
            kUsual},
           {"no CPU limit",
            R"({"containers": [{"resources": {"limits": {"memory": "1Gi"}}}]})",
            {},
            kUsual},
           {"a limit of nothing",
            R"({"containers": [{"resources": {"limits": {"cpu": 0, "memory": "1Gi"}}}]})",
            {},
            kUsual},
           {"another container says nothing",
            R"({"containers": [{"resources": {"limits": {"cpu": "2", "memory": "1Gi"}}}, {}]})",
            {},
            kUsual},
           {"an init container says nothing",
            R"({"initContainers": [{}],
                "containers": [{"resources": {"limits": {"cpu": "2", "memory": "1Gi"}}}]})",
            {},
            kUsual},
           // Only spec.resources decides the class
           {"the pod has resources for CPU",
            R"({"containers": [{"resources": {"limits": {"cpu": "2", "memory": "1Gi"}}}],
                "resources": {"limits": {"cpu": "3"}}})",
            {},
            R"({"requests": {"memory": "16Mi"}, "limits": {"memory": "64Mi"}})"},
       }) {
    expectCase(each);
  }
}

TEST(ResourcesTest, HaveEphemeralStorageWhereSomebodySaysSo) {
  for (const auto& each : std::vector<ResourcesCase>{
           {"of the pod",
            "{}",
            {{"requests-ephemeral-storage", "8Mi"}, {"limits-ephemeral-storage", "32Mi"}},
            R"({"requests": {"cpu": "5m", "memory": "16Mi", "ephemeral-storage": "8Mi"},
                "limits": {"memory": "64Mi", "ephemeral-storage": "32Mi"}})"},
           {"of the fleet",
            "{}",
            {},
            R"({"requests": {"cpu": "5m", "memory": "16Mi"},
                "limits": {"memory": "64Mi", "ephemeral-storage": "32Mi"}})",
            "",
            {{"limits-ephemeral-storage", "32Mi"}}},
           // It affects neither the class nor spec.resources
           {"in a Guaranteed pod",
            R"({"containers": [{"resources": {"limits": {"cpu": "2", "memory": "1Gi"}}}]})",
            {{"requests-ephemeral-storage", "8Mi"}},
            R"({"requests": {"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "8Mi"},
                "limits": {"cpu": "100m", "memory": "64Mi"}})"},
           {"in a pod with pod-level resources",
            R"({"resources": {"limits": {"cpu": "2", "memory": "1Gi"}}})",
            {},
            R"({"limits": {"ephemeral-storage": "32Mi"}})",
            "",
            {{"limits-ephemeral-storage", "32Mi"}}},
           {"a limit below the request",
            "{}",
            {{"requests-ephemeral-storage", "8Mi"}, {"limits-ephemeral-storage", "4Mi"}},
            "",
            "postern.io/limits-ephemeral-storage: 4Mi is less than the 8Mi of"},
       }) {
    expectCase(each);
  }
}

TEST(ResourcesTest, NeverMakeTheSidecarRoot) {
  struct Case {
    const char* what;
    const char* pod;        // securityContext of the pod
    const char* container;  // and of its container
    const char* user;       // of the annotation
    Json expected;          // null: the image's
  };
  for (const auto& [what, of_pod, container, user, expected] : std::vector<Case>{
           {"root and none", R"({"runAsUser": 0})", "{}", "none", 65532},
           {"root and a group", R"({"runAsUser": 0, "runAsGroup": 0})", "{}", "none", 65532},
           {"root that must not be", R"({"runAsUser": 0, "runAsNonRoot": true})", "{}", "none",
            65532},
           {"root and a number", R"({"runAsUser": 0})", "{}", "1000", 1000},
           {"root and the default", R"({"runAsUser": 0})", "{}", "", 65532},
           {"another user and none", R"({"runAsUser": 1000})", "{}", "none", nullptr},
           {"root in another container", "{}", R"({"runAsUser": 0})", "none", nullptr},
           {"nothing and none", "{}", "{}", "none", nullptr},
           {"null and none", R"({"runAsUser": null})", "{}", "none", nullptr},
       }) {
    SCOPED_TRACE(what);
    auto pod = podRequesting({{"run-as-user", user}});
    pod["spec"]["securityContext"] = Json::parse(of_pod);
    pod["spec"]["containers"][0]["securityContext"] = Json::parse(container);
    const auto injection = inject(pod, rulesWith());
    ASSERT_EQ(injection.result, InjectionResult::Injected) << injection.refusal;

    const auto context = sidecarIn(pod.patch(injection.patch))["securityContext"];

    EXPECT_EQ(context.value("runAsUser", Json()), expected);
    EXPECT_EQ(context["runAsNonRoot"], true);
  }
}

}  // namespace
}  // namespace postern::kube
