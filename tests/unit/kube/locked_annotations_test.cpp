#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/annotations.h"
#include "unit/kube/pods.h"

namespace postern::kube {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct LockCase {
  const char* name;
  std::vector<std::string> locked;
  config::Pairs defaults;
  Json annotations;     // of the pod, with their prefix
  Json volumes;         // of the pod
  const char* refusal;  // a part of it; empty: the pod gets its sidecar
};

void PrintTo(const LockCase& each, std::ostream* out) {
  *out << each.name;
}

constexpr const char* kTargetUrl = "postern.io/target-url";
constexpr const char* kHome = "https://localhost:8443";

const Json kEmptyDir = Json::parse(R"([{"name": "postern-config", "emptyDir": {}}])");
const Json kProjected = Json::parse(R"([{"name": "postern-credentials", "projected": {}}])");
const Json kOfDefault = Json::parse(R"([{"name": "postern-credentials", "secret":
    {"secretName": "fleet", "optional": true, "defaultMode": 292}}])");

std::vector<LockCase> lockCases() {
  const Json target = {{kTargetUrl, kHome}};
  const auto with = [&](const char* key, const char* value) {
    auto annotations = target;
    annotations[key] = value;
    return annotations;
  };
  return {
      {"NothingLocked", {}, {}, with("postern.io/tls-secret", "a"), {}, ""},
      {"AnotherIsLocked", {"image"}, {}, with("postern.io/tls-secret", "a"), {}, ""},
      {"LockedAndNotSet", {"tls-secret", "config-map"}, {}, target, {}, ""},
      {"Set",
       {"tls-secret"},
       {},
       with("postern.io/tls-secret", "a"),
       {},
       "postern.io/tls-secret: is locked by --inject.locked-annotations, expected it from the "
       "injector alone; the pod is not created; remove it from the pod"},
      {"Field", {"port"}, {}, with("postern.io/port", "4000"), {}, "postern.io/port: is locked"},
      {"Url", {"target-url"}, {}, target, {}, "postern.io/target-url: is locked"},
      {"SetToTheDefault",
       {"tls-secret"},
       {{"tls-secret", "a"}},
       with("postern.io/tls-secret", "a"),
       {},
       "postern.io/tls-secret: is locked"},
      {"EmptyTakesNoDefaultAway",
       {"tls-secret"},
       {{"tls-secret", "a"}},
       with("postern.io/tls-secret", ""),
       {},
       "postern.io/tls-secret: is locked"},
      {"DefaultApplies", {"target-url"}, {{"target-url", kHome}}, Json::object(), {}, ""},
      // Another annotation that excludes the locked one
      {"ConfigMapForLockedUrl",
       {"target-url"},
       {{"target-url", kHome}},
       {{"postern.io/config-map", "a"}},
       {},
       "postern.io/config-map: replaces the default of postern.io/target-url, which is locked"},
      {"ConfigMapForLockedPreset",
       {"preset"},
       {{"preset", "spinnaker"}},
       {{"postern.io/config-map", "a"}},
       {},
       "replaces the default of postern.io/preset"},
      {"UrlForLockedConfigMap",
       {"config-map"},
       {{"config-map", "fleet"}},
       target,
       {},
       "postern.io/target-url: replaces the default of postern.io/config-map"},
      {"MysqlForLockedCredentials",
       {"credentials-secret"},
       {{"credentials-secret", "fleet"}},
       with("postern.io/mysql-secret", "a"),
       {},
       "postern.io/mysql-secret: replaces the default of postern.io/credentials-secret"},
      {"CredentialsForLockedMysql",
       {"mysql-secret"},
       {{"mysql-secret", "fleet"}},
       with("postern.io/credentials-secret", "a"),
       {},
       "postern.io/credentials-secret: replaces the default of postern.io/mysql-secret"},
      {"NoDefaultToReplace", {"config-map"}, {}, target, {}, ""},
      {"EmptyDefaultToReplace", {"config-map"}, {{"config-map", ""}}, target, {}, ""},
      {"UnlockedDefaultIsReplaced",
       {"preset"},
       {{"target-url", kHome}},
       {{"postern.io/config-map", "a"}},
       {},
       ""},
      // A volume of the pod that would be mounted instead of postern's
      {"VolumeForLockedConfigMap",
       {"config-map"},
       {},
       Json::object(),
       kEmptyDir,
       "the volume postern-config of the pod replaces postern.io/config-map, which is locked"},
      {"VolumeForLockedSecret",
       {"credentials-secret"},
       {},
       target,
       kProjected,
       "the volume postern-credentials of the pod replaces postern.io/credentials-secret"},
      {"VolumeForLockedDefault",
       {"credentials-secret"},
       {{"credentials-secret", "fleet"}},
       target,
       kProjected,
       "the volume postern-credentials of the pod replaces"},
      {"VolumeAsTheDefaultMakesIt",
       {"credentials-secret"},
       {{"credentials-secret", "fleet"}},
       target,
       kOfDefault,
       ""},
      {"VolumeOfAnUnlockedOne", {"config-map"}, {}, target, kProjected, ""},
      // Other spellings are not postern's annotations, or unknown
      {"OtherCase",
       {"tls-secret"},
       {},
       with("postern.io/TLS-Secret", "a"),
       {},
       "is unknown, the nearest is postern.io/tls-secret"},
      {"OtherCaseOfThePrefix", {"tls-secret"}, {}, with("Postern.io/tls-secret", "a"), {}, ""},
      {"OtherPrefix", {"tls-secret"}, {}, with("sub.postern.io/tls-secret", "a"), {}, ""},
      {"Numbered",
       {"target-url"},
       {{"target-url", kHome}},
       {{"postern.io/target-url-2", "https://localhost"}},
       {},
       "is unknown"},
      {"SpaceBehind", {"tls-secret"}, {}, with("postern.io/tls-secret ", "a"), {}, "is unknown"},
      {"NoText",
       {"tls-secret"},
       {},
       {{kTargetUrl, kHome}, {"postern.io/tls-secret", 7}},
       {},
       "annotations.postern.io/tls-secret is a number, expected text"},
  };
}

class LockedAnnotationsTest : public ::testing::TestWithParam<LockCase> {};

TEST_P(LockedAnnotationsTest, LeavesPodsNoOtherWay) {
  const auto& [name, locked, defaults, annotations, volumes, refusal] = GetParam();
  auto pod = podRequesting();
  pod["metadata"]["annotations"] = annotations;
  if (!volumes.is_null()) pod["spec"]["volumes"] = volumes;
  auto rules = rulesWith(defaults);
  rules.locked_annotations = locked;

  const auto injection = inject(pod, rules);

  if (*refusal == '\0') {
    EXPECT_EQ(injection.result, InjectionResult::Injected) << injection.refusal;
  } else {
    EXPECT_EQ(injection.result, InjectionResult::Refused);
    EXPECT_THAT(injection.refusal, HasSubstr(refusal));
    EXPECT_THAT(injection.patch, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(Pods, LockedAnnotationsTest, ::testing::ValuesIn(lockCases()),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(LockedAnnotationsTest, LocksWhateverAnnotationThereIs) {
  for (const auto& annotation : annotations()) {
    auto rules = rulesWith();
    rules.locked_annotations = {std::string(annotation.key)};
    const std::string name = "postern.io/" + std::string(annotation.key);
    auto pod = podRequesting();
    pod["metadata"]["annotations"][name] = "x";
    EXPECT_EQ(mistakeInLocks(rules), "");
    EXPECT_THAT(inject(pod, rules).refusal, HasSubstr(name + ": is locked by --inject."));
  }
}

TEST(LockedAnnotationsTest, NamesEveryLockedOneAtOnce) {
  auto rules = rulesWith();
  rules.locked_annotations = {"tls-secret", "target-url"};
  EXPECT_THAT(inject(podRequesting({{"tls-secret", "a"}}), rules).refusal,
              AllOf(HasSubstr("postern.io/tls-secret: is locked"),
                    HasSubstr("postern.io/target-url: is locked")));
}

TEST(LockedAnnotationsTest, LeavesAPodWithItsSidecarAlone) {
  const auto pod = podRequesting({{"tls-secret", "a"}});
  const auto injected = pod.patch(inject(pod, rulesWith()).patch);
  auto rules = rulesWith();
  rules.locked_annotations = {"tls-secret"};
  EXPECT_EQ(inject(injected, rules).result, InjectionResult::Already);
}

TEST(LockedAnnotationsTest, DoesNotTakeALockForAMistakeOfTheDefaults) {
  for (const auto& annotation : annotations()) {
    auto rules = rulesWith();
    rules.locked_annotations = {std::string(annotation.key)};
    EXPECT_EQ(mistakeIn(rules), "");
  }
}

TEST(LockedAnnotationsTest, SuggestsTheNearestName) {
  const auto wrong = [](std::vector<std::string> locked) {
    auto rules = rulesWith();
    rules.locked_annotations = std::move(locked);
    return mistakeInLocks(rules);
  };
  EXPECT_EQ(wrong({}), "");
  EXPECT_EQ(wrong({"tls-secret", "config-map"}), "");
  EXPECT_EQ(wrong({"tls-secert"}),
            "--inject.locked-annotations: tls-secert is unknown, the nearest is tls-secret");
  EXPECT_EQ(
      wrong({"postern.io/target-url"}),
      "--inject.locked-annotations: postern.io/target-url is unknown, expected a name without "
      "postern.io/, the nearest is target-url");
  EXPECT_EQ(wrong({"", "inject", "port", "*"}),
            "--inject.locked-annotations: is empty, expected the name of an annotation, such as "
            "tls-secret; inject is a label, expected the name of an annotation; * is unknown, the "
            "nearest is port");
}

}  // namespace
}  // namespace postern::kube
