#include "kube/inject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/kube/pods.h"

namespace postern::kube {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The resulting pod; null if it is refused.
Json injected(const Json& pod, const InjectionRules& rules = rulesWith()) {
  const auto injection = inject(pod, rules);
  EXPECT_EQ(injection.result, InjectionResult::Injected) << injection.refusal;
  return injection.result == InjectionResult::Injected ? pod.patch(injection.patch) : Json();
}

std::string refusalOf(const Json& pod, const InjectionRules& rules = rulesWith()) {
  const auto injection = inject(pod, rules);
  EXPECT_EQ(injection.result, InjectionResult::Refused);
  EXPECT_THAT(injection.patch, IsEmpty());
  return injection.refusal;
}

TEST(InjectTest, IsAskedByTheLabelAloneAndNeverSilentAboutAnother) {
  struct Case {
    const char* what;
    Json label;  // discarded: none
    bool annotated;
    InjectionResult expected;
    const char* said = "";  // a part of the refusal or the warning; empty: nothing
  };
  const Json none = Json::parse("", nullptr, false);
  const char* const kExpected = "\", expected \"true\" for a sidecar or \"false\" for none";
  for (const auto& [what, label, annotated, expected, said] : std::vector<Case>{
           {"true", "true", true, InjectionResult::Injected},
           {"false", "false", true, InjectionResult::NotAsked},
           {"neither label nor annotation", none, false, InjectionResult::NotAsked},
           {"null is not a label", nullptr, false, InjectionResult::NotAsked},
           {"annotations alone", none, true, InjectionResult::Unlabeled,
            "postern: the pod has annotations postern.io/... and gets no sidecar without the label "
            "postern.io/inject: \"true\"; add it, or \"false\" if none is wanted"},
           {"True", "True", true, InjectionResult::Refused,
            "the label postern.io/inject is \"True"},
           {"TRUE", "TRUE", true, InjectionResult::Refused, kExpected},
           {"False", "False", true, InjectionResult::Refused, "is \"False"},
           {"yes", "yes", true, InjectionResult::Refused, "is \"yes"},
           {"enabled", "enabled", false, InjectionResult::Refused, "is \"enabled"},
           {"1", "1", true, InjectionResult::Refused, "is \"1\""},
           {"an empty one", "", true, InjectionResult::Refused,
            "the label postern.io/inject is \"\""},
           {"a space", "true ", true, InjectionResult::Refused, "is \"true \""},
           {"a boolean", true, true, InjectionResult::Refused,
            "metadata.labels.postern.io/inject is the boolean true, expected text: write the value "
            "in quotes"},
           {"another boolean", false, true, InjectionResult::Refused, "is the boolean false"},
           {"a number", 1, true, InjectionResult::Refused, "postern.io/inject is a number"},
           {"a list", Json::array(), true, InjectionResult::Refused, "is a list or a map"},
       }) {
    SCOPED_TRACE(what);
    auto pod = podRequesting();
    if (!annotated) pod["metadata"].erase("annotations");
    pod["metadata"].erase("labels");
    if (!label.is_discarded()) pod["metadata"]["labels"]["postern.io/inject"] = label;

    const auto injection = inject(pod, rulesWith({{"target-url", "https://localhost:8443"}}));

    EXPECT_EQ(injection.result, expected) << injection.refusal;
    const auto all = injection.warnings.empty() ? injection.refusal : injection.warnings[0];
    if (*said == '\0') {
      EXPECT_EQ(all, "");
    } else {
      EXPECT_THAT(all, HasSubstr(said));
    }
  }
  EXPECT_EQ(inject(Json::array(), rulesWith()).result, InjectionResult::NotAsked);
}

TEST(InjectTest, MissesNoLabelWhereThePodHasItsSidecar) {
  auto pod = injected(podRequesting());
  pod["metadata"]["labels"].erase("postern.io/inject");

  EXPECT_EQ(inject(pod, rulesWith()).result, InjectionResult::NotAsked);
}

TEST(InjectTest, DoesNothingTheSecondTime) {
  for (const bool native : {false, true}) {
    const auto pod = injected(podRequesting(), rulesWith({}, native));

    EXPECT_EQ(inject(pod, rulesWith({}, native)).result, InjectionResult::Already);
    EXPECT_EQ(inject(pod, rulesWith({}, !native)).result, InjectionResult::Already);
  }
}

TEST(InjectTest, GivesEachValueToTheSidecarsEnvironment) {
  const auto gives = [](const PodOptions& options, const std::string& variable,
                        const std::string& value) {
    SCOPED_TRACE(variable);
    EXPECT_EQ(variableOf(sidecarIn(injected(podRequesting(options))), variable), value);
  };

  gives({}, "POSTERN_TARGET_URL", "https://localhost:8443");
  gives({}, "POSTERN_CONFIG_AWAIT", "true");
  gives({}, "POSTERN_STATE_DIR", "/state");
  gives({}, "POSTERN_WEB_LISTEN_ADDRESS", ":3000");
  gives({}, "POSTERN_SANDBOX", "auto");
  gives({{"sandbox", "off"}}, "POSTERN_SANDBOX", "off");
  gives({{"target-name", "a.b"}}, "POSTERN_TARGET_NAME", "a.b");
  // The kubelet expands it to the annotation's value
  gives({{"target-url", "https://localhost:8443/$(HOME)/$$x$"}}, "POSTERN_TARGET_URL",
        "https://localhost:8443/$$(HOME)/$$$$x$$");
  gives({{"target-server-name", "web.internal"}}, "POSTERN_TARGET_SERVER_NAME", "web.internal");
  gives({{"preset", "spinnaker"}}, "POSTERN_TARGET_PRESET", "spinnaker");
  gives({{"scrape-timeout", "8s"}}, "POSTERN_TARGET_SCRAPE_TIMEOUT", "8s");
  gives({{"timeout-offset", "1s"}}, "POSTERN_TIMEOUT_OFFSET", "1s");
  gives({{"tls-system-roots", "true"}}, "POSTERN_TLS_SYSTEM_ROOTS", "true");
  gives({{"status-page", "false"}}, "POSTERN_WEB_STATUS_PAGE", "false");
  gives({{"log-level", "debug"}}, "POSTERN_LOG_LEVEL", "debug");
  gives({{"log-format", "json"}}, "POSTERN_LOG_FORMAT", "json");
  gives({{"tls-secret", "a"}}, "POSTERN_TLS_DIR", "/tls");
  gives({{"credentials-secret", "a"}}, "POSTERN_CREDENTIALS_DIR", "/credentials");
  gives({{"mysql-secret", "a"}}, "POSTERN_MYSQL_DIR", "/mysql");
  gives({{"ca-config-map", "a"}}, "POSTERN_TLS_CA_FILE", "/ca/ca.crt");
  gives({{"port", "9100"}}, "POSTERN_WEB_LISTEN_ADDRESS", ":9100");
  gives({{"target-spiffe-id", "spiffe://example/web"}, {"tls-secret", "a"}},
        "POSTERN_TARGET_SPIFFE_ID", "spiffe://example/web");
}

TEST(InjectTest, NamesNothingOfTheTargetBesideAConfigurationFile) {
  const auto pod = injected(podRequesting(
      {{"target-url", ""}, {"config-map", "c"}, {"tls-secret", "t"}, {"ca-config-map", "a"}}));

  const auto sidecar = sidecarIn(pod);
  EXPECT_EQ(variableOf(sidecar, "POSTERN_CONFIG_FILE"), "/config/postern.yml");
  EXPECT_EQ(variableOf(sidecar, "POSTERN_TLS_DIR"), "");
  EXPECT_EQ(variableOf(sidecar, "POSTERN_TLS_CA_FILE"), "");
  EXPECT_EQ(sidecar["volumeMounts"].size(), 4U);
}

TEST(InjectTest, SaysWhatIsWrongWithAValueAndWhatWasExpected) {
  const auto says = [](const std::string& key, const std::string& value, const std::string& what) {
    SCOPED_TRACE(key + "=" + value);
    EXPECT_THAT(refusalOf(podRequesting({{key, value}})),
                AllOf(HasSubstr("postern.io/" + key), HasSubstr(what), Not(HasSubstr("--")),
                      Not(HasSubstr("POSTERN_"))));
  };

  // Unknown
  says("tls-secert", "a", "is unknown, the nearest is postern.io/tls-secret");
  says("inject", "true", "is a label");
  // Names of objects
  for (const auto* key :
       {"tls-secret", "credentials-secret", "mysql-secret", "ca-config-map", "config-map"}) {
    for (const auto* value : {"Web", "a b", "-a", "a.", "a/b", "a..b"}) {
      says(key, value, "is not the name of a Kubernetes object, expected lower-case letters");
    }
    says(key, std::string(254, 'a'), "is not the name of a Kubernetes object");
  }
  // Values that the daemon would refuse
  says("target-url", "http://localhost", "https");
  says("target-url", "https://user:secret@localhost", "expected");
  says("target-name", "a b", "expected");
  says("target-server-name", "web:443", "expected");
  says("target-spiffe-id", "web", "expected");
  says("target-spiffe-id", "spiffe://example/web", "is set without postern.io/tls-secret");
  says("preset", "whatsup", "is unknown, expected none, spinnaker or whatsapp");
  says("preset", "whatsapp", "needs credentials for its login, expected postern.io/credentials-");
  says("scrape-timeout", "8", "expected");
  says("timeout-offset", "1h", "expected");
  says("tls-system-roots", "yes", "is neither true nor false");
  says("status-page", "0", "is neither true nor false");
  says("log-level", "loud", "is unknown, expected one of debug, info, warn, error");
  says("log-format", "xml", "is unknown, expected one of logfmt, json");
  says("sandbox", "yes", "is unknown, expected one of off, auto, on");
  // Together with a configuration file
  says("config-map", "c", "cannot be combined with postern.io/config-map");
  // Annotations that the injector itself reads
  says("image", "registry.example/other:1",
       "is not allowed here, expected registry.example/postern:1 or registry.example/postern:*");
  says("image", "a b", "is not the name of an image");
  for (const auto* value : {"Registry", "a,", ",a", "a,,b", "a b", "a;b"}) {
    says("image-pull-secrets", value,
         "has an entry that is not the name of a Secret, expected names separated by commas");
  }
  says("requests-cpu", "much", "is not an amount of CPU, expected for instance 5m or 0.1");
  says("requests-cpu", "0", "is not an amount of CPU");
  says("limits-cpu", "1x", "is not an amount of CPU");
  says("limits-cpu", "1m", "is less than the 5m of postern.io/requests-cpu");
  says("requests-memory", "-1Mi", "is not an amount of memory, expected for instance 64Mi");
  says("limits-memory", "64", "is less than 1Mi, expected for instance 64Mi");
  says("limits-memory", "8Mi", "is less than the 16Mi of postern.io/requests-memory");
  says("requests-ephemeral-storage", "much",
       "is not an amount of storage, expected for instance 64Mi");
  says("limits-ephemeral-storage", "1k", "is less than 1Mi, expected for instance 64Mi");
  says("image-pull-policy", "always", "is unknown, expected Always, IfNotPresent or Never");
  says("web-config-secret", "Web", "is not the name of a Kubernetes object");
  says("run-as-user", "0", "is root");
  says("run-as-user", "nobody", "is not a user ID, expected for instance 65532, or none");
  says("port", "http", "expected");
  says("port", "80", "expected");
  says("port", "65536", "expected");
  says("port", "8443", "port 8443 is taken by postern.io/target-url");
  says("scrape", "keep", "is unknown, expected replace");
  says("native-sidecar", "maybe", "is unknown, expected auto, true or false");
  says("native-sidecar", "true", "native sidecars are switched off, or the API server or a node");
  says("readiness-probe", "yes", "is neither true nor false");
  says("startup-probe", "1", "is neither true nor false");
  says("log-level", "debug\ninfo", "holds a control character");
}

TEST(InjectTest, NeverRepeatsAPasswordInAUrl) {
  EXPECT_THAT(refusalOf(podRequesting({{"target-url", "https://u:pa55word@localhost"}})),
              Not(HasSubstr("pa55word")));
}

TEST(InjectTest, ReportsEveryMistakeAtOnce) {
  auto pod = podRequesting({{"port", "x"}, {"preset", "y"}, {"unknown", "z"}});
  pod["spec"]["nodeSelector"] = {{"kubernetes.io/os", "windows"}};

  EXPECT_THAT(refusalOf(pod), AllOf(HasSubstr("postern.io/port"), HasSubstr("postern.io/preset"),
                                    HasSubstr("postern.io/unknown"), HasSubstr("is for Windows")));
}

TEST(InjectTest, RefusesWhatCannotBeAPod) {
  auto pod = podRequesting();
  pod["metadata"]["annotations"]["postern.io/port"] = 3000;
  EXPECT_THAT(refusalOf(pod),
              HasSubstr("annotations.postern.io/port is a number, expected text: write"));

  for (const auto* list : {"containers", "volumes", "initContainers"}) {
    pod = podRequesting();
    pod["spec"][list] = "x";
    EXPECT_THAT(refusalOf(pod), HasSubstr(std::string("spec.") + list + " is not a list"));
    pod["spec"][list] = Json::array({Json::array(), 7});
    EXPECT_THAT(refusalOf(pod), HasSubstr("has an entry without a name"));
  }
  pod = podRequesting();
  pod["spec"] = 7;
  EXPECT_THAT(refusalOf(pod), HasSubstr("the pod has no containers"));
}

TEST(InjectTest, TakesTheFleetsDefaultsWhereThePodSaysNothing) {
  const auto rules = rulesWith({{"requests-memory", "32Mi"}, {"log-format", "json"}});

  auto sidecar = sidecarIn(injected(podRequesting(), rules));
  EXPECT_EQ(sidecar["resources"]["requests"]["memory"], "32Mi");
  EXPECT_EQ(variableOf(sidecar, "POSTERN_LOG_FORMAT"), "json");

  sidecar =
      sidecarIn(injected(podRequesting({{"requests-memory", "20Mi"}, {"log-format", ""}}), rules));
  EXPECT_EQ(sidecar["resources"]["requests"]["memory"], "20Mi");
  EXPECT_EQ(variableOf(sidecar, "POSTERN_LOG_FORMAT"), "") << "an empty value removes it";
}

TEST(InjectTest, LeavesDefaultsForTheOtherWayAside) {
  const auto of_target = rulesWith({{"preset", "spinnaker"}, {"target-url", "https://localhost"}});
  auto sidecar =
      sidecarIn(injected(podRequesting({{"target-url", ""}, {"config-map", "c"}}), of_target));
  EXPECT_EQ(variableOf(sidecar, "POSTERN_TARGET_PRESET"), "");
  EXPECT_EQ(variableOf(sidecar, "POSTERN_TARGET_URL"), "");

  const auto of_file = rulesWith({{"config-map", "c"}, {"mysql-secret", "m"}});
  sidecar = sidecarIn(injected(podRequesting({{"credentials-secret", "s"}}), of_file));
  EXPECT_EQ(variableOf(sidecar, "POSTERN_CONFIG_FILE"), "");
  EXPECT_EQ(variableOf(sidecar, "POSTERN_MYSQL_DIR"), "");
}

TEST(InjectTest, FindsDefaultsThatEveryPodWouldBeRefusedFor) {
  const auto wrong = [](config::Pairs defaults) {
    return mistakeIn(rulesWith(std::move(defaults)));
  };

  EXPECT_EQ(wrong({}), "");
  EXPECT_EQ(wrong({{"preset", "whatsapp"}, {"requests-memory", "32Mi"}}), "");
  EXPECT_EQ(wrong({{"config-map", "c"}}), "");
  EXPECT_THAT(wrong({{"memory", "32Mi"}}), HasSubstr("--inject.default=memory: is unknown"));
  EXPECT_THAT(wrong({{"limits-memory", "1"}}), HasSubstr("limits-memory: is less than 1Mi"));
  EXPECT_THAT(wrong({{"log-level", "loud"}}), HasSubstr("log-level: is unknown"));
}

TEST(InjectTest, MakesContainersThatFitTheRestrictedStandard) {
  const auto context = sidecarIn(injected(podRequesting()))["securityContext"];
  EXPECT_EQ(context, Json::parse(R"({"allowPrivilegeEscalation": false,
      "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true, "runAsNonRoot": true,
      "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}})"));

  const auto with = [](const char* user) {
    return sidecarIn(injected(podRequesting({{"run-as-user", user}})))["securityContext"];
  };
  EXPECT_EQ(with("1000")["runAsUser"], 1000);
  EXPECT_FALSE(with("none").contains("runAsUser"));
}

TEST(InjectTest, MakesSecretsReadableForTheSidecarAndNobodyElse) {
  auto pod = podRequesting({{"tls-secret", "t"}});
  EXPECT_EQ(injected(pod)["spec"]["volumes"][0], Json::parse(R"({"name": "postern-tls", "secret":
                {"secretName": "t", "optional": true, "defaultMode": 292}})"));

  pod["spec"]["securityContext"]["fsGroup"] = 2000;
  const auto grouped = injected(pod);
  EXPECT_EQ(grouped["spec"]["volumes"][0]["secret"]["defaultMode"], 0440);
  EXPECT_EQ(grouped["spec"]["securityContext"], pod["spec"]["securityContext"]);
}

TEST(InjectTest, KeepsTheStateInMemorySoThatANodeCanBeRemoved) {
  const auto stateOf = [](const Json& pod) {
    for (const auto& volume : pod["spec"]["volumes"]) {
      if (volume["name"] == "postern-state") return volume;
    }
    return Json();
  };
  const auto ours = Json::parse(R"({"name": "postern-state",
      "emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}})");
  auto pod = podRequesting();
  for (const bool native : {false, true}) {
    EXPECT_EQ(stateOf(injected(pod, rulesWith({}, native))), ours);
  }

  const auto theirs = Json::parse(R"({"name": "postern-state", "emptyDir": {}})");
  pod["spec"]["volumes"] = Json::array({theirs});
  EXPECT_EQ(stateOf(injected(pod)), theirs);
  EXPECT_EQ(injected(pod)["spec"]["volumes"].size(), 1U);
}

TEST(InjectTest, AddsPullSecretsThatThePodDoesNotHave) {
  struct Case {
    const char* what;
    const char* of_pod;  // its imagePullSecrets
    const char* annotation;
    const char* of_fleet;
    std::vector<std::string> expected;
  };
  for (const auto& [what, of_pod, annotation, of_fleet, expected] : std::vector<Case>{
           {"one", "null", "a", "", {"a"}},
           {"two", "null", "a,b", "", {"a", "b"}},
           {"spaces", "null", " a , b ", "", {"a", "b"}},
           {"one twice", "null", "a,b,a", "", {"a", "b"}},
           {"beside the pod's", R"([{"name": "x"}])", "a", "", {"x", "a"}},
           {"the pod has it", R"([{"name": "a"}, {"name": "x"}])", "a", "", {"a", "x"}},
           {"the pod has some", R"([{"name": "b"}])", "a,b,c", "", {"b", "a", "c"}},
           {"an empty list", "[]", "a", "", {"a"}},
           {"of the fleet", "null", "", "f,g", {"f", "g"}},
           {"the pod's annotation wins", "null", "a", "f", {"a"}},
           {"none", R"([{"name": "x"}])", "", "", {"x"}},
       }) {
    SCOPED_TRACE(what);
    auto pod = podRequesting();
    if (*annotation != '\0') {
      pod["metadata"]["annotations"]["postern.io/image-pull-secrets"] = annotation;
    }
    pod["spec"]["imagePullSecrets"] = Json::parse(of_pod);

    const auto made = injected(pod, rulesWith({{"image-pull-secrets", of_fleet}}));

    std::vector<std::string> names;
    for (const auto& secret : made["spec"]["imagePullSecrets"]) names.push_back(secret["name"]);
    EXPECT_EQ(names, expected);
  }
  auto pod = podRequesting({{"image-pull-secrets", "a"}});
  pod["spec"]["imagePullSecrets"] = "x";
  EXPECT_THAT(refusalOf(pod), HasSubstr("spec.imagePullSecrets is not a list"));
}

TEST(InjectTest, PullsTheImageAsThePolicySays) {
  const auto policyOf = [](const PodOptions& options, config::Pairs defaults) {
    return sidecarIn(injected(podRequesting(options), rulesWith(std::move(defaults))))
        .at("imagePullPolicy");
  };
  EXPECT_EQ(policyOf({}, {}), "IfNotPresent");
  EXPECT_EQ(policyOf({}, {{"image-pull-policy", "Always"}}), "Always");
  EXPECT_EQ(policyOf({{"image-pull-policy", "Never"}}, {{"image-pull-policy", "Always"}}), "Never");
}

TEST(InjectTest, ProbesAPortOfItsOwnBesideAWebConfiguration) {
  struct Case {
    const char* what;
    PodOptions options;
    const char* volumes;
    int port_of_application;
    int port;
    int health_port;  // 0: none
  };
  const char* const projected = R"([{"name": "postern-web", "projected": {}}])";
  for (const auto& each : std::vector<Case>{
           {"no web configuration", {}, "[]", 8080, 3000, 0},
           {"a Secret", {{"web-config-secret", "web"}}, "[]", 8080, 3000, 3001},
           {"a volume of the pod", {}, projected, 8080, 3000, 3001},
           {"a port of its own",
            {{"web-config-secret", "web"}, {"port", "9300"}},
            "[]",
            8080,
            9300,
            9301},
           {"the next port is taken", {{"web-config-secret", "web"}}, "[]", 3001, 3000, 3002},
           {"the port is taken", {{"web-config-secret", "web"}}, "[]", 3000, 3001, 3002},
           {"the last port",
            {{"web-config-secret", "web"}, {"port", "65535"}},
            "[]",
            8080,
            65535,
            3000},
           {"beside a configuration file",
            {{"web-config-secret", "web"}, {"config-map", "c"}, {"target-url", ""}},
            "[]",
            8080,
            3000,
            3001},
       }) {
    SCOPED_TRACE(each.what);
    auto options = each.options;
    options.insert(options.end(), {{"readiness-probe", "true"}, {"startup-probe", "true"}});
    auto pod = podRequesting(options);
    pod["spec"]["volumes"] = Json::parse(each.volumes);
    pod["spec"]["containers"][0]["ports"] =
        Json::array({{{"containerPort", each.port_of_application}}});

    const auto sidecar = sidecarIn(injected(pod));

    const bool own = each.health_port != 0;
    EXPECT_EQ(variableOf(sidecar, "POSTERN_WEB_CONFIG_FILE"), own ? "/web/web-config.yml" : "");
    EXPECT_EQ(variableOf(sidecar, "POSTERN_WEB_HEALTH_ADDRESS"),
              own ? ":" + std::to_string(each.health_port) : "");
    auto ports =
        Json::array({{{"name", "postern"}, {"containerPort", each.port}, {"protocol", "TCP"}}});
    if (own) {
      ports.push_back(
          {{"name", "postern-health"}, {"containerPort", each.health_port}, {"protocol", "TCP"}});
    }
    EXPECT_EQ(sidecar["ports"], ports);
    for (const auto* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) {
      EXPECT_EQ(sidecar[probe]["httpGet"]["port"], own ? "postern-health" : "postern") << probe;
    }
  }
}

TEST(InjectTest, ProbesReadinessOnlyWhenAsked) {
  auto sidecar = sidecarIn(injected(podRequesting()));
  EXPECT_TRUE(sidecar.contains("livenessProbe"));
  EXPECT_FALSE(sidecar.contains("readinessProbe") || sidecar.contains("startupProbe"));

  sidecar =
      sidecarIn(injected(podRequesting({{"readiness-probe", "true"}, {"startup-probe", "false"}})));
  EXPECT_EQ(sidecar["readinessProbe"]["httpGet"]["path"], "/-/ready");
  EXPECT_FALSE(sidecar.contains("startupProbe"));
}

TEST(InjectTest, RefusesToKeepAJobFromEnding) {
  auto pod = podRequesting();
  pod["spec"]["restartPolicy"] = "OnFailure";
  EXPECT_THAT(refusalOf(pod), AllOf(HasSubstr("restartPolicy is OnFailure"),
                                    HasSubstr("it would never end"), HasSubstr("1.29")));
  EXPECT_EQ(sidecarIn(injected(pod, rulesWith({}, true)))["restartPolicy"], "Always");

  pod["metadata"]["annotations"]["postern.io/native-sidecar"] = "false";
  EXPECT_THAT(refusalOf(pod, rulesWith({}, true)),
              HasSubstr("refused by postern.io/native-sidecar"));
}

TEST(InjectTest, ChoosesAPortThatIsFree) {
  auto pod = podRequesting();
  auto& container = pod["spec"]["containers"][0];
  container["ports"] = Json::parse(R"([{"containerPort": 3000},
      {"containerPort": 3001, "protocol": "UDP"}, {"containerPort": "x"}])");
  auto injection = inject(pod, rulesWith());
  EXPECT_THAT(injection.warnings,
              ElementsAre(HasSubstr(
                  "port 3000 is taken by container web, so the sidecar listens on 3001")));
  EXPECT_EQ(sidecarIn(pod.patch(injection.patch))["ports"][0]["containerPort"], 3001);
  EXPECT_EQ(injected(pod)["metadata"]["annotations"]["prometheus.io/port"], "3001");

  container["livenessProbe"] = Json::parse(R"({"httpGet": {"port": 3001}})");
  EXPECT_EQ(variableOf(sidecarIn(injected(pod)), "POSTERN_WEB_LISTEN_ADDRESS"), ":3002");
  EXPECT_EQ(variableOf(sidecarIn(injected(pod, rulesWith({{"port", "3000"}}))),
                       "POSTERN_WEB_LISTEN_ADDRESS"),
            ":3002");
}

TEST(InjectTest, ComparesPortsWithATargetOnLoopbackInEverySpelling) {
  struct Case {
    const char* host;
    bool is_loopback;
  };
  for (const auto& [host, is_loopback] : std::vector<Case>{
           {"localhost", true},
           {"LocalHost", true},
           {"localhost.", true},
           {"web.localhost", true},
           {"ip6-localhost", true},
           {"ip6-loopback", true},
           {"127.0.0.1", true},
           {"127.8.9.10", true},
           {"127.1", true},
           {"2130706433", true},
           {"0x7f.0.0.1", true},
           {"0.0.0.0", true},
           {"[::1]", true},
           {"[0:0:0:0:0:0:0:1]", true},
           {"[0000::0001]", true},
           {"[::ffff:127.0.0.1]", true},
           {"[::FFFF:7f00:1]", true},
           {"[::]", true},
           {"whatsapp-web", true},  // an alias of the pod
           {"WhatsApp-Web", true},
           {"six", true},
           {"db", false},  // an alias of another address
           {"localhost.example", false},
           {"notlocalhost", false},
           {"127.example", false},
           {"128.0.0.1", false},
           {"10.0.0.1", false},
           {"[::2]", false},
           {"[::ffff:10.0.0.1]", false},
           {"[2001:db8::1]", false},
       }) {
    auto pod = podRequesting({{"target-url", std::string("https://") + host + ":3000"}});
    pod["spec"]["hostAliases"] = Json::parse(R"([{"ip": "127.0.0.1", "hostnames":
        ["a", "whatsapp-web"]}, {"ip": "::1", "hostnames": ["six"]},
        {"ip": "10.0.0.9", "hostnames": ["db"]}, {"ip": 7}, {}])");

    const auto made = injected(pod);

    EXPECT_EQ(variableOf(sidecarIn(made), "POSTERN_WEB_LISTEN_ADDRESS"),
              is_loopback ? ":3001" : ":3000")
        << host;
  }
}

TEST(InjectTest, LeavesAMirrorOfAStaticPodAloneWithAWarning) {
  auto pod = podRequesting({{"nonsense", "x"}});
  auto& annotations = pod["metadata"]["annotations"];
  annotations["kubernetes.io/config.source"] = "file";
  EXPECT_EQ(inject(pod, rulesWith()).result, InjectionResult::Refused);
  annotations["kubernetes.io/config.mirror"] = "abc";

  const auto injection = inject(pod, rulesWith());

  EXPECT_EQ(injection.result, InjectionResult::Mirror);
  EXPECT_THAT(injection.patch, IsEmpty());
  EXPECT_THAT(
      injection.warnings,
      ElementsAre("postern: the pod mirrors a static pod of its node, which no webhook can change, "
                  "and gets no sidecar; remove the label postern.io/inject from its manifest"));

  pod["metadata"]["labels"]["postern.io/inject"] = "yes";
  EXPECT_EQ(inject(pod, rulesWith()).result, InjectionResult::Mirror);
  pod["metadata"]["labels"]["postern.io/inject"] = "false";
  EXPECT_THAT(inject(pod, rulesWith()).warnings, IsEmpty());
}

TEST(InjectTest, FindsTheLastPortTaken) {
  auto pod = podRequesting();
  pod["spec"]["containers"][0]["ports"] = Json::parse(R"([{"containerPort": 65535}])");

  EXPECT_EQ(variableOf(sidecarIn(injected(pod, rulesWith({{"port", "65535"}}))),
                       "POSTERN_WEB_LISTEN_ADDRESS"),
            ":3000");
  pod["metadata"]["annotations"]["postern.io/port"] = "65535";
  EXPECT_THAT(refusalOf(pod), HasSubstr("port 65535 is taken by container web"));
}

TEST(InjectTest, WarnsOfTheNodesPorts) {
  auto pod = podRequesting();
  pod["spec"]["hostNetwork"] = true;
  EXPECT_THAT(inject(pod, rulesWith()).warnings,
              ElementsAre(HasSubstr("in its node's network, where port 3000 must be free")));
}

TEST(InjectTest, KeepsThePodsOwnScrapeAnnotationsUnlessRequestedOtherwise) {
  auto pod = podRequesting();
  auto& annotations = pod["metadata"]["annotations"];
  annotations["prometheus.io/port"] = "9090";
  auto injection = inject(pod, rulesWith());
  EXPECT_THAT(injection.warnings, ElementsAre(HasSubstr("postern.io/scrape: replace")));
  EXPECT_EQ(pod.patch(injection.patch)["metadata"]["annotations"], annotations);

  annotations["postern.io/scrape"] = "replace";
  injection = inject(pod, rulesWith());
  EXPECT_THAT(injection.warnings, IsEmpty());
  EXPECT_EQ(pod.patch(injection.patch)["metadata"]["annotations"]["prometheus.io/port"], "3000");
}

TEST(InjectTest, KeepsWarningsAsShortAsTheApiServerTakesThem) {
  auto pod = podRequesting();
  auto& container = pod["spec"]["containers"][0];
  container["name"] = std::string(1000, 'x');
  container["ports"] = Json::parse(R"([{"containerPort": 3000}])");

  for (const auto& warning : inject(pod, rulesWith()).warnings) EXPECT_LE(warning.size(), 256U);
}

TEST(InjectTest, LabelsThePodWithThePortThatItChose) {
  struct Case {
    const char* what;
    PodOptions annotations;
    int port_of_application;
    const char* label_of_template;  // empty: none
    const char* expected;
  };
  const std::vector<Case> cases = {
      {"the default", {}, 8080, "", "3000"},
      {"the application has the default", {}, 3000, "", "3001"},
      {"the target has the next one too",
       {{"target-url", "https://localhost:3001"}},
       3000,
       "",
       "3002"},
      {"the pod chooses", {{"port", "9300"}}, 3000, "", "9300"},
      {"a label of the template is replaced", {}, 8080, "9300", "3000"},
  };
  for (const auto& each : cases) {
    auto pod = podRequesting(each.annotations);
    pod["spec"]["containers"][0]["ports"] =
        Json::array({{{"containerPort", each.port_of_application}}});
    if (*each.label_of_template != 0) {
      pod["metadata"]["labels"]["postern.io/port"] = each.label_of_template;
    }

    const auto result = injected(pod);

    EXPECT_EQ(result["metadata"]["labels"]["postern.io/port"], each.expected) << each.what;
    EXPECT_EQ(sidecarIn(result)["ports"][0]["containerPort"], std::stoi(each.expected))
        << each.what;
  }
}

TEST(InjectTest, AddsTheContainerToAPodThatHasOnlyItsMark) {
  auto pod = podRequesting();
  pod["metadata"]["labels"]["postern.io/status"] = "injected";

  const auto injection = inject(pod, rulesWith());

  EXPECT_EQ(injection.result, InjectionResult::Injected);
  EXPECT_THAT(injection.warnings, ElementsAre(HasSubstr("without a container postern")));
}

TEST(InjectTest, TakesAVolumeOfThePodInPlaceOfItsOwn) {
  auto pod = podRequesting();
  pod["spec"]["volumes"] = Json::parse(R"([{"name": "postern-credentials", "projected": {}}])");

  const auto result = injected(pod);

  EXPECT_EQ(result["spec"]["volumes"].size(), 2U);
  EXPECT_EQ(variableOf(sidecarIn(result), "POSTERN_CREDENTIALS_DIR"), "/credentials");
  pod["metadata"]["annotations"]["postern.io/credentials-secret"] = "s";
  EXPECT_THAT(refusalOf(pod), HasSubstr("has a volume postern-credentials of its own"));
}

}  // namespace
}  // namespace postern::kube
