#include "kube/windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/kube/pods.h"

namespace postern::kube {
namespace {

using ::testing::HasSubstr;

struct WindowsCase {
  const char* spec;   // of the pod
  const char* field;  // that says Windows; empty: none does
};

// A pod whose nodes must match one of these terms.
std::string affine(const std::string& terms) {
  return R"({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
      {"nodeSelectorTerms": [)" +
         terms + "]}}}}";
}

std::string term(const std::string& key, const std::string& operation, const std::string& values) {
  return R"({"matchExpressions": [{"key": ")" + key + R"(", "operator": ")" + operation +
         R"(", "values": [)" + values + "]}]}";
}

std::string fieldIn(const std::string& spec) {
  return windowsFieldOf({{"spec", Json::parse(spec)}});
}

TEST(WindowsTest, IsFoundInEachField) {
  for (const auto& [spec, field] : {
           WindowsCase{R"({"os": {"name": "windows"}})", "spec.os.name"},
           WindowsCase{R"({"os": {"name": "linux"}})", ""},
           WindowsCase{R"({"nodeSelector": {"kubernetes.io/os": "windows"}})",
                       "spec.nodeSelector.kubernetes.io/os"},
           WindowsCase{R"({"nodeSelector": {"beta.kubernetes.io/os": "windows"}})",
                       "spec.nodeSelector.beta.kubernetes.io/os"},
           WindowsCase{R"({"nodeSelector": {"node.kubernetes.io/windows-build": "10.0.20348"}})",
                       "spec.nodeSelector.node.kubernetes.io/windows-build"},
           WindowsCase{
               R"({"nodeSelector": {"cloud.google.com/gke-os-distribution": "windows_ltsc"}})",
               "spec.nodeSelector.cloud.google.com/gke-os-distribution"},
           WindowsCase{R"({"nodeSelector": {"kubernetes.azure.com/os-sku": "Windows2022"}})",
                       "spec.nodeSelector.kubernetes.azure.com/os-sku"},
           WindowsCase{R"({"nodeSelector": {"kubernetes.azure.com/os-sku": "AzureLinux"}})", ""},
           WindowsCase{R"({"nodeSelector": {"kubernetes.io/os": "linux"}})", ""},
           WindowsCase{R"({"nodeSelector": {"team": "windows"}})", ""},
           WindowsCase{R"({"nodeSelector": []})", ""},
           WindowsCase{R"({"securityContext": {"windowsOptions": {"hostProcess": true}}})",
                       "spec.securityContext.windowsOptions"},
           WindowsCase{R"({"containers": [{}, {"securityContext":
                           {"windowsOptions": {"runAsUserName": "ContainerUser"}}}]})",
                       "securityContext.windowsOptions in spec.containers"},
           WindowsCase{R"({"initContainers": [{"securityContext":
                           {"windowsOptions": {"runAsUserName": "ContainerUser"}}}]})",
                       "securityContext.windowsOptions in spec.initContainers"},
           WindowsCase{R"({"securityContext": {"windowsOptions": {}}})", ""},
           WindowsCase{R"({"securityContext": {"windowsOptions": null}})", ""},
           // Linux ignores them
           WindowsCase{R"({"os": {"name": "linux"}, "securityContext": {"windowsOptions":
                           {"runAsUserName": "a"}}})",
                       ""},
           WindowsCase{R"({"nodeSelector": {"kubernetes.io/os": "linux"}, "securityContext":
                           {"windowsOptions": {"runAsUserName": "a"}}})",
                       ""},
           WindowsCase{R"({"tolerations": [{"key": "os", "value": "windows"}]})", ""},
           WindowsCase{R"({"runtimeClassName": "windows"})", ""},
           WindowsCase{"{}", ""},
           WindowsCase{"[]", ""},
       }) {
    EXPECT_EQ(fieldIn(spec), field) << spec;
  }
}

TEST(WindowsTest, IsFoundInRequiredNodeAffinity) {
  constexpr const char* kOs = "kubernetes.io/os";
  constexpr const char* kBuild = "node.kubernetes.io/windows-build";
  const auto windows = term(kOs, "In", R"("windows")");
  const auto linux_term = term(kOs, "In", R"("linux")");
  struct Case {
    std::string terms;
    bool expected;
  };
  for (const auto& [terms, expected] : std::vector<Case>{
           {windows, true},
           {term("beta.kubernetes.io/os", "In", R"("windows")"), true},
           {term(kOs, "NotIn", R"("linux")"), true},
           {term(kOs, "NotIn", R"("darwin", "linux")"), true},
           {term(kBuild, "Exists", ""), true},
           {term(kBuild, "In", R"("10.0.17763", "10.0.20348")"), true},
           {term("kubernetes.azure.com/os-sku", "In", R"("Windows2019", "Windows2022")"), true},
           {term("zone", "In", R"("a")") + "," + windows, false},
           {windows + "," + windows, true},
           {windows + "," + linux_term, false},
           {windows + ", {}", true},
           {"{}", false},
           {"", false},
           {linux_term, false},
           {term(kOs, "In", R"("windows", "linux")"), false},
           {term(kOs, "In", ""), false},
           {term(kOs, "NotIn", R"("windows")"), false},
           {term(kOs, "Exists", ""), false},
           {term(kBuild, "DoesNotExist", ""), false},
           {term(kBuild, "NotIn", R"("10.0.17763")"), false},
           {term("team", "NotIn", R"("linux")"), false},
           {R"({"matchExpressions": [{"key": "zone", "operator": "Exists"},
               {"key": "kubernetes.io/os", "operator": "In", "values": ["windows"]}]})",
            true},
           {R"({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]})",
            false},
       }) {
    EXPECT_EQ(fieldIn(affine(terms)), expected ? "spec.affinity.nodeAffinity" : "") << terms;
  }
  EXPECT_EQ(fieldIn(R"({"affinity": {"nodeAffinity":
      {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference":
      {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["windows"]}]}}
      ]}}})"),
            "");
}

TEST(WindowsTest, IsRefusedWithTheField) {
  auto pod = podRequesting();
  pod["spec"].update(Json::parse(affine(term("kubernetes.io/os", "In", R"("windows")"))));

  const auto injection = inject(pod, rulesWith());

  EXPECT_EQ(injection.result, InjectionResult::Refused);
  EXPECT_THAT(injection.refusal,
              HasSubstr("the pod is for Windows (spec.affinity.nodeAffinity) and the sidecar for "
                        "Linux, remove the label postern.io/inject"));
}

}  // namespace
}  // namespace postern::kube
