#include "kube/target_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/config_map.h"
#include "unit/kube/pods.h"

namespace postern::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct MatchCase {
  const char* pattern;
  std::string host;
  bool matches;
};

TEST(TargetHostsTest, MatchesNamesAddressesAndNamesBelow) {
  for (const auto& [pattern, host, matches] : {
           MatchCase{"example.com", "example.com", true},
           MatchCase{"example.com", "EXAMPLE.Com", true},
           MatchCase{"Example.COM", "example.com", true},
           MatchCase{"example.com", "example.com.", true},
           MatchCase{"example.com.", "example.com", true},
           MatchCase{"example.com", "example.com..", false},
           MatchCase{"example.com", "a.example.com", false},
           MatchCase{"example.com", "example.com.evil", false},
           MatchCase{"example.com", "example.co", false},
           MatchCase{"example.com", "example-com", false},
           MatchCase{"example.com", "", false},
           MatchCase{"*.example.com", "a.example.com", true},
           MatchCase{"*.example.com", "a.b.example.com", true},
           MatchCase{"*.example.com", "A.Example.Com.", true},
           MatchCase{"*.example.com.", "a.example.com", true},
           MatchCase{"*.example.com", "example.com", false},
           MatchCase{"*.example.com", ".example.com", false},
           MatchCase{"*.example.com", "evilexample.com", false},
           MatchCase{"*.example.com", "a.example.com.evil", false},
           MatchCase{"*.example.com", "a.example.com:443", false},
           MatchCase{"*.xn--bcher-kva.example", "a.xn--bcher-kva.example", true},
           MatchCase{"10.0.0.1", "10.0.0.1", true},
           MatchCase{"10.0.0.1", "10.0.0.10", false},
           MatchCase{"10.0.0.1", "10.1", false},
           MatchCase{"10.0.0.1", "167772161", false},
           MatchCase{"10.0.0.1", "::ffff:10.0.0.1", false},
           MatchCase{"2001:db8::1", "2001:DB8:0:0:0:0:0:1", true},
           MatchCase{"2001:db8:0::1", "2001:db8::1", true},
           MatchCase{"2001:db8::1", "2001:db8::11", false},
           MatchCase{"::1", std::string("::1\0.evil", 9), false},
           MatchCase{"example.com", std::string("example.com\0.evil", 17), false},
       }) {
    EXPECT_EQ(matchesHost(pattern, host), matches) << pattern << " and " << host;
  }
}

InjectionRules rulesFor(std::vector<std::string> hosts, config::Pairs defaults = {}) {
  auto rules = rulesWith(std::move(defaults));
  rules.allowed_target_hosts = std::move(hosts);
  return rules;
}

struct UrlCase {
  const char* url;
  const char* refusal;  // a part of it; empty: the pod gets its sidecar
};

TEST(TargetHostsTest, AllowsAPodTheHostsOfTheListAndLoopback) {
  const auto rules = rulesFor({"api.example.com", "*.shop.svc", "2001:db8::1"});
  const char* const forbidden = "is not allowed by --inject.allowed-target-hosts";
  for (const auto& [url, refusal] : {
           UrlCase{"https://api.example.com", ""},
           UrlCase{"https://api.example.com:8443/metrics", ""},
           UrlCase{"HTTPS://API.Example.COM.", ""},
           UrlCase{"https://web.shop.svc", ""},
           UrlCase{"https://a.web.shop.svc:1", ""},
           UrlCase{"https://[2001:DB8:0::1]:8443", ""},
           UrlCase{"https://localhost:8443", ""},
           UrlCase{"https://LocalHost.", ""},
           UrlCase{"https://127.0.0.1", ""},
           UrlCase{"https://[::1]", ""},
           UrlCase{"https://[0:0:0:0:0:0:0:1]:1", ""},
           UrlCase{"https://evil.example", forbidden},
           UrlCase{"https://example.com", forbidden},
           UrlCase{"https://shop.svc", forbidden},
           UrlCase{"https://api.example.com.evil.example", forbidden},
           UrlCase{"https://evilapi.example.com", forbidden},
           UrlCase{"https://localhost.evil.example", forbidden},
           UrlCase{"https://127.0.0.1.evil.example", forbidden},
           UrlCase{"https://127.evil.example", forbidden},
           UrlCase{"https://127.1", forbidden},
           UrlCase{"https://2130706433", forbidden},
           UrlCase{"https://0x7f.0.0.1", forbidden},
           UrlCase{"https://0.0.0.0", forbidden},
           UrlCase{"https://[::]", forbidden},
           UrlCase{"https://[::ffff:127.0.0.1]", forbidden},
           UrlCase{"https://evil.example/api.example.com", forbidden},
           UrlCase{"https://evil.example/https://api.example.com", forbidden},
           UrlCase{"https://xn--pi-7ia.example.com", forbidden},
           // A URL that the daemon would refuse is refused before its host is checked
           UrlCase{"https://evil.example#api.example.com", "postern.io/target-url"},
           UrlCase{"https://evil.example?api.example.com", "holds a query"},
           UrlCase{"https://api.example.com@evil.example", "holds a user or password"},
           UrlCase{"https://api.example.com:443@evil.example", "holds a user or password"},
           UrlCase{"https://api.example.com%2eevil.example", "has no valid host"},
           UrlCase{"https://%61pi.example.com", "has no valid host"},
           UrlCase{"https://api.example.com\\.evil.example", "has no valid host"},
           UrlCase{"https://api.example.com\\@evil.example", "holds a user or password"},
           UrlCase{"https://\xc3\xa4pi.example.com", "has no valid host"},
           UrlCase{"https://api.example.com\xe3\x80\x82", "has no valid host"},
           UrlCase{"https://$(POSTERN_HOST)", "has no valid host"},
           UrlCase{"https://api.example.com evil.example", "has no valid host"},
           UrlCase{"https://api.example.com\n", "holds a control character"},
           UrlCase{"https://[::1%25eth0]", "has no IPv6 address"},
           UrlCase{"https://[::1].evil.example", "has no valid host"},
           UrlCase{"https://[::1", "has no valid host"},
           UrlCase{"https:///evil.example", "has no host"},
           UrlCase{"//evil.example", "does not begin with https://"},
           UrlCase{"http://api.example.com", "does not begin with https://"},
       }) {
    const auto injection = inject(podRequesting({{"target-url", url}}), rules);
    if (*refusal == '\0') {
      EXPECT_EQ(injection.result, InjectionResult::Injected) << url << injection.refusal;
    } else {
      EXPECT_EQ(injection.result, InjectionResult::Refused) << url;
      EXPECT_THAT(injection.refusal, HasSubstr(refusal)) << url;
    }
  }
}

TEST(TargetHostsTest, AllowsEveryHostUnlessTheFlagIsSet) {
  EXPECT_EQ(inject(podRequesting({{"target-url", "https://evil.example"}}), rulesWith()).result,
            InjectionResult::Injected);
}

TEST(TargetHostsTest, SaysWhatIsAllowedAndWhatToDo) {
  EXPECT_EQ(inject(podRequesting({{"target-url", "https://evil.example:8443/a"}}),
                   rulesFor({"api.example.com", "*.shop.svc"}))
                .refusal,
            "postern.io/target-url: the host evil.example is not allowed by "
            "--inject.allowed-target-hosts, expected localhost or api.example.com or *.shop.svc; "
            "the pod is not created; change the URL, or have the operator of the injector allow "
            "this host");
}

TEST(TargetHostsTest, AllowsTheHostOfTheDefaultAlways) {
  const auto rules = rulesFor({"api.example.com"}, {{"target-url", "https://fleet.example:8443"}});
  EXPECT_EQ(mistakeIn(rules), "");
  auto pod = podRequesting({{"target-url", "https://fleet.example"}});
  EXPECT_EQ(inject(pod, rules).result, InjectionResult::Injected);
  pod["metadata"]["annotations"].erase("postern.io/target-url");
  EXPECT_EQ(inject(pod, rules).result, InjectionResult::Injected);
  pod["metadata"]["annotations"]["postern.io/target-url"] = "https://a.fleet.example";
  EXPECT_EQ(inject(pod, rules).result, InjectionResult::Refused);
}

std::string mistakesIn(const std::string& target, const InjectionRules& rules) {
  return mistakesOfConfigMap({{"data", {{"postern.yml", "targets:\n" + target}}}}, rules);
}

TEST(TargetHostsTest, AllowsAConfigurationTheSameHosts) {
  struct Case {
    const char* name;
    std::string target;
    const char* mistake;  // a part; empty: none
  };
  const std::string home = "  - { name: a, url: 'https://localhost'";
  const std::string oauth2 = ", oauth2: { client_id: a, client_secret_file: b, token_url: ";
  const auto mysql = [&](const std::string& what) {
    return home + ", preset: whatsapp, credentials: { mysql: { " + what + " } } }\n";
  };
  for (const auto& [name, target, mistake] : {
           Case{"loopback", home + " }\n", ""},
           Case{"allowed", "  - { name: a, url: 'https://API.example.com./x' }\n", ""},
           Case{"other", "  - { name: a, url: 'https://evil.example' }\n",
                "postern.yml: target a: url: the host evil.example is not allowed by"},
           Case{"second", home + " }\n  - { name: b, url: 'https://evil.example' }\n",
                "target b: url: the host evil.example"},
           Case{"anchor",
                "  - { name: a, url: &u 'https://evil.example' }\n"
                "  - { name: b, url: *u }\n",
                "postern.yml:"},
           Case{"token endpoint", home + oauth2 + "'https://api.example.com/t' } }\n", ""},
           Case{"other token endpoint", home + oauth2 + "'https://evil.example/t' } }\n",
                "target a: oauth2.token_url: the host evil.example is not allowed by"},
           Case{"database", mysql("host: api.example.com, database: d, user: u, password_file: p"),
                ""},
           Case{"other database",
                mysql("host: evil.example, database: d, user: u, password_file: p"),
                "target a: credentials.mysql.host: the host evil.example is not allowed by"},
           // Host and password are in one Secret
           Case{"database of a folder", mysql("directory: /mysql"), ""},
       }) {
    const auto mistakes = mistakesIn(target, rulesFor({"api.example.com"}));
    EXPECT_EQ(mistakes.empty(), *mistake == '\0') << name << ": " << mistakes;
    EXPECT_THAT(mistakes, HasSubstr(mistake)) << name;
    EXPECT_THAT(mistakesIn(target, rulesWith()), Not(HasSubstr("is not allowed by"))) << name;
  }
}

TEST(TargetHostsTest, SaysWhatToDoAboutAConfiguration) {
  EXPECT_EQ(mistakesIn("  - { name: a, url: 'https://evil.example' }\n", rulesFor({"b.example"})),
            "postern.yml: target a: url: the host evil.example is not allowed by "
            "--inject.allowed-target-hosts, expected localhost or b.example; the ConfigMap is not "
            "changed; name another host, or have the operator of the injector allow this one");
}

}  // namespace
}  // namespace postern::kube
