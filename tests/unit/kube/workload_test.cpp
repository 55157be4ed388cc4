#include "kube/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kube/manifest.h"

namespace postern::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Json documentOf(const std::string& text) {
  std::string wrong;
  auto documents = parseManifests(text, wrong);
  EXPECT_EQ(documents.size(), 1U) << wrong;
  return documents.empty() ? Json() : documents[0];
}

// A pod template, recognized by the name of its container.
std::string templateWith(const std::string& name) {
  return "{ metadata: {}, spec: { containers: [{ name: " + name + " }] } }";
}

TEST(WorkloadTest, FindsThePodsOfEachKind) {
  struct Case {
    std::string text;
    std::vector<std::string> pods;  // what they are, and the name of the container
  };
  const auto pod = templateWith("a");
  const auto workload = [&](const std::string& kind) {
    return "{ kind: " + kind + ", metadata: { name: web }, spec: { template: " + pod + " } }";
  };
  for (const auto& [text, pods] : std::vector<Case>{
           {"{ apiVersion: v1, kind: Pod, metadata: { name: web }, spec: { containers: [{ name: a "
            "}] } }",
            {"Pod web a"}},
           {workload("Deployment"), {"Deployment web a"}},
           {workload("StatefulSet"), {"StatefulSet web a"}},
           {workload("DaemonSet"), {"DaemonSet web a"}},
           {workload("ReplicaSet"), {"ReplicaSet web a"}},
           {workload("ReplicationController"), {"ReplicationController web a"}},
           {workload("Job"), {"Job web a"}},
           {"{ kind: CronJob, metadata: { name: web }, spec: { jobTemplate: { spec: { template: " +
                pod + " } } } }",
            {"CronJob web a"}},
           {"{ kind: PodTemplate, metadata: { name: web }, template: " + pod + " }",
            {"PodTemplate web a"}},
           // Custom kinds
           {workload("Rollout"), {"Rollout web a"}},
           // A template alone, and within its key
           {pod, {"template  a"}},
           {"{ template: " + pod + " }", {"template  a"}},
           {"{ spec: { template: " + pod + " } }", {"template  a"}},
           {"{ kind: List, items: [" + workload("Job") + ", { kind: Service }, " +
                workload("Deployment") + "] }",
            {"Job web a", "Deployment web a"}},
           {"{ kind: DeploymentList, items: [" + workload("Deployment") + "] }",
            {"Deployment web a"}},
           {"{ kind: List, items: [{ kind: List, items: [" + workload("Job") + "] }] }",
            {"Job web a"}},
           {"{ kind: List, items: [] }", {}},
           {"{ kind: Service, spec: { ports: [] } }", {}},
           {"{ kind: ConfigMap, data: { spec: a } }", {}},
           {"{ a: b }", {}},
           {"[a, b]", {}},
           {"text", {}},
       }) {
    auto document = documentOf(text);
    std::vector<std::string> mistakes;
    std::vector<std::string> found;

    for (const auto& place : podsIn(document, mistakes)) {
      found.push_back(place.what + " " +
                      (*place.pod)["spec"]["containers"][0]["name"].get<std::string>());
      EXPECT_EQ(place.misplaced, "");
    }

    EXPECT_EQ(found, pods) << text;
    EXPECT_THAT(mistakes, IsEmpty()) << text;
  }
}

TEST(WorkloadTest, ChangesThePodInItsDocument) {
  auto document = documentOf("{ kind: Job, spec: { template: " + templateWith("a") + " } }");
  std::vector<std::string> mistakes;

  (*podsIn(document, mistakes).at(0).pod)["spec"]["containers"][0]["name"] = "b";

  EXPECT_EQ(document["spec"]["template"]["spec"]["containers"][0]["name"], "b");
}

TEST(WorkloadTest, SaysWhatIsMissing) {
  const auto mistakesOf = [](const std::string& text) {
    auto document = documentOf(text);
    std::vector<std::string> mistakes;
    EXPECT_THAT(podsIn(document, mistakes), IsEmpty());
    return mistakes;
  };
  EXPECT_THAT(mistakesOf("{ kind: Deployment, metadata: { name: web } }"),
              ElementsAre("Deployment web: the pod's template is missing, expected it at "
                          "spec.template"));
  EXPECT_THAT(mistakesOf("{ kind: CronJob, metadata: { name: web }, spec: { template: {} } }"),
              ElementsAre("CronJob web: the pod's template is missing, expected it at "
                          "spec.jobTemplate.spec.template"));
  EXPECT_THAT(mistakesOf("{ kind: List, items: {} }"), ElementsAre("List: items is not a list"));
  EXPECT_THAT(mistakesOf("{ apiVersion: v2, kind: Pod, metadata: { name: web } }"),
              ElementsAre("Pod web: apiVersion is not v1, expected a Pod of v1"));
}

TEST(WorkloadTest, FindsALabelThatNoPodGets) {
  struct Case {
    const char* workload;  // beside its template
    const char* pod;       // metadata of the template
    const char* misplaced;
  };
  const char* const label = R"("metadata": {"labels": {"postern.io/inject": "true"}})";
  const char* const annotation = R"("metadata": {"annotations": {"postern.io/port": "1"}})";
  for (const auto& [workload, pod, misplaced] : std::vector<Case>{
           {label, R"("metadata": {})", "metadata of the Deployment"},
           {annotation, R"("metadata": {})", "metadata of the Deployment"},
           {label, label, ""},
           {label, annotation, ""},
           {R"("metadata": {"labels": {"app": "web"}})", R"("metadata": {})", ""},
           {R"("metadata": {})", label, ""},
       }) {
    auto document =
        Json::parse(std::string(R"({"kind": "Deployment", )") + workload +
                    R"(, "spec": {"template": {)" + pod + R"(, "spec": {"containers": []}}}})");
    std::vector<std::string> mistakes;

    EXPECT_EQ(podsIn(document, mistakes).at(0).misplaced, misplaced) << workload << pod;
  }
  auto document = Json::parse(std::string(R"({"kind": "CronJob", "spec": {"jobTemplate": {)") +
                              label + R"(, "spec": {"template": {"spec": {}}}}}})");
  std::vector<std::string> mistakes;
  EXPECT_EQ(podsIn(document, mistakes).at(0).misplaced, "spec.jobTemplate.metadata");
}

}  // namespace
}  // namespace postern::kube
