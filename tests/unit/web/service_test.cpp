#include "web/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/web/live_loop.h"

namespace postern::web {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A service whose targets have no certificates yet, so that this process sends nothing.
class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    auto made = std::make_shared<Targets>();
    for (const char* name : {"first", "second"}) {
      config::Target config;
      config.name = name;
      config.url = {"localhost", 1, ""};
      config.tls.ca_file = "/does/not/exist/ca.crt";
      config.pages = {config::Page{"/metrics", config::Format::Text, {}, true, 0ms, 0ms}};
      made->all.push_back(live.makeTarget(config));
    }
    targets = std::move(made);
  }
  WebService service(const WebService::ServiceOptions& options) {
    return {options,
            {[&] { return targets; },
             [&](const RequestStats& requests) {
               Self self;
               self.version = "1.2.3";
               self.requests = requests.all();
               self.web_config = web_config;
               return self;
             },
             [&] {
               ++reloads;
               return reload_errors;
             }}};
  }
  Answered ask(const std::string& method, const std::string& path, bool lifecycle = false,
               const std::string& accept = "") {
    return askWith({500ms, lifecycle, "", status_page, false},
                   {method, path, "", {{"accept", accept}}});
  }
  Answered askWith(const WebService::ServiceOptions& options, const http::Request& request) {
    auto asked = service(options);
    return live.ask(
        [&](const auto& come, http::Responder& responder) { return asked.handle(come, responder); },
        request);
  }
  Answered askHealth(const std::string& method, const std::string& path) {
    auto asked = service({500ms, true, "/prefix", true, false});
    return live.ask([&](const auto& come,
                        http::Responder& responder) { return asked.handleHealth(come, responder); },
                    {method, path, "", {}});
  }
  Answered browse(const std::string& path) {
    return ask("GET", path, false, "text/html,application/xhtml+xml,*/*;q=0.8");
  }

  LiveLoop live;
  TargetsNow targets;
  int reloads = 0;
  bool status_page = true;
  std::string reload_errors;
  WebConfigStatus web_config;
};

TEST_F(ServiceTest, CountsRequestsOfPagesByTheirStatus) {
  auto asked = service({500ms, false, "/a", true, false});
  for (const char* path : {"/a/metrics", "/a/metrics/third", "/a/-/healthy", "/a/metrics"}) {
    live.ask(
        [&](const auto& come, http::Responder& responder) { return asked.handle(come, responder); },
        {"GET", path, "", {}});
  }

  EXPECT_EQ(asked.scrapes(), 3U);
  const auto self = live.ask(
      [&](const auto& come, http::Responder& responder) { return asked.handle(come, responder); },
      {"GET", "/a/-/metrics", "", {}});
  EXPECT_THAT(self.body, AllOf(HasSubstr("{handler=\"page\",code=\"502\"} 2\n"),
                               HasSubstr("{handler=\"page\",code=\"404\"} 1\n"),
                               HasSubstr("{handler=\"live\",code=\"200\"} 1\n")));
}

TEST_F(ServiceTest, NamesTheFaultInStatusLineAndBody) {
  for (const char* path : {"/metrics", "/metrics/first"}) {
    const auto answer = ask("GET", path);
    EXPECT_EQ(answer.head.status, 502);
    EXPECT_EQ(answer.head.reason, "tls");
    EXPECT_THAT(answer.body, AllOf(StartsWith("tls: target first: "),
                                   HasSubstr("/does/not/exist/ca.crt"), HasSubstr("; ")));
  }
  EXPECT_THAT(ask("GET", "/metrics/second").body, StartsWith("tls: target second: "));
}

TEST_F(ServiceTest, KnowsItsTargetsByName) {
  for (const char* path :
       {"/metrics/third", "/metrics/", "/metrics/first/", "/health/third", "/metrics/\x9b[31m"}) {
    SCOPED_TRACE(path);
    const auto answer = ask("GET", path);
    EXPECT_EQ(answer.head.status, 404);
    EXPECT_EQ(answer.head.reason, "unknown_target");
    EXPECT_THAT(answer.body, AllOf(StartsWith("unknown_target: target "), Not(HasSubstr("\x9b"))));
  }
}

TEST_F(ServiceTest, AnswersOtherMethodsAndPathsAsHttpWants) {
  const auto answers = [&](const char* method, const char* path, int status, const char* allow) {
    SCOPED_TRACE(std::string(method) + " " + path);
    const auto answer = ask(method, path);
    EXPECT_EQ(answer.head.status, status);
    EXPECT_EQ(answer.header("Allow"), allow);
    EXPECT_TRUE(answer.whole);
  };
  answers("POST", "/metrics", 405, "GET, HEAD");
  answers("DELETE", "/health", 405, "GET, HEAD");
  answers("GE", "/metrics", 405, "GET, HEAD");
  answers("GET", "/-/reload", 405, "POST, PUT");
  answers("GET", "/nothing", 404, "");
  answers("POST", "/nothing", 404, "");
  answers("GET", "/metricsx", 404, "");
  answers("GET", "/", 200, "");
  answers("HEAD", "/-/metrics", 200, "");
  answers("POST", "/api/v1/status", 405, "GET, HEAD");
  answers("POST", "/metrics/first/display", 405, "GET, HEAD");
}

TEST_F(ServiceTest, ServesBelowAPrefix) {
  const auto get = [&](const char* path) {
    return askWith({500ms, false, "/a/b", true, false}, {"GET", path, "", {}});
  };
  const auto status = [&](const char* path) { return get(path).head.status; };
  EXPECT_EQ(status("/a/b/-/healthy"), 200);
  EXPECT_EQ(status("/a/b/"), 200);
  EXPECT_EQ(status("/a/b"), 308);
  EXPECT_EQ(get("/a/b").header("Location"), "/a/b/");
  EXPECT_EQ(status("/-/healthy"), 404);
  EXPECT_EQ(status("/a/bx/-/healthy"), 404);
  EXPECT_EQ(status("/"), 404);
  EXPECT_THAT(get("/a/b/metrics/second").body, StartsWith("tls: target second: "));
}

TEST_F(ServiceTest, ServesNothingOfTheServiceOnTheListenerForHealth) {
  for (const char* path :
       {"/-/healthy", "/livez", "/healthz", "/heartbeat", "/-/metrics", "/", "/api/v1/status"}) {
    EXPECT_EQ(askHealth("GET", path).head.status, 200) << path;
  }
  EXPECT_EQ(askHealth("GET", "/-/ready").head.status, 503);
  EXPECT_EQ(askHealth("POST", "/-/healthy").head.status, 405);
  for (const char* path :
       {"/metrics", "/metrics/first", "/health", "/stats", "/prefix/-/healthy"}) {
    EXPECT_EQ(askHealth("GET", path).head.status, 404) << path;
  }
  EXPECT_EQ(askHealth("POST", "/-/reload").head.status, 404);
  EXPECT_EQ(reloads, 0);
}

TEST_F(ServiceTest, IsAliveWithoutCertificatesButNotReady) {
  for (const char* path : {"/-/healthy", "/healthz", "/livez"})
    EXPECT_EQ(ask("GET", path).head.status, 200);
  for (const char* path : {"/-/ready", "/readyz"}) {
    const auto answer = ask("GET", path);
    EXPECT_EQ(answer.head.status, 503);
    EXPECT_THAT(answer.body, HasSubstr("target first: tls: "));
  }
}

TEST_F(ServiceTest, IsNotReadyWhileNoHandshakeCanSucceed) {
  targets = std::make_shared<Targets>();  // all of them are ready
  EXPECT_EQ(askHealth("GET", "/-/ready").head.status, 200);
  web_config.closed = true;
  web_config.error = "/web/server.crt: no such file: mount it, or correct the file name";

  for (const char* path : {"/-/ready", "/readyz"}) {
    const auto answer = askHealth("GET", path);
    EXPECT_EQ(answer.head.status, 503);
    EXPECT_EQ(answer.body,
              "postern is not ready: web configuration: /web/server.crt: no such file: mount it, "
              "or correct the file name; until then every connection to --web.listen-address is "
              "refused, and the files are checked again every second\n");
  }
  EXPECT_EQ(askHealth("GET", "/-/healthy").head.status, 200);

  // Loaded files stay in use.
  web_config.closed = false;
  EXPECT_EQ(askHealth("GET", "/-/ready").head.status, 200);
}

TEST_F(ServiceTest, ReloadsOnlyWhenAllowedTo) {
  EXPECT_EQ(ask("POST", "/-/reload").head.status, 403);
  EXPECT_EQ(reloads, 0);
  EXPECT_EQ(ask("PUT", "/-/reload", true).head.status, 200);
  EXPECT_EQ(reloads, 1);
  reload_errors = "postern.yml:1:1: nonsense\n";
  const auto answer = ask("POST", "/-/reload", true);
  EXPECT_EQ(answer.head.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("postern.yml:1:1: nonsense"));
}

TEST_F(ServiceTest, CountsATargetThatWasNeverScrapedAsWell) {
  const auto before = ask("GET", "/health");
  EXPECT_EQ(before.head.status, 200);
  EXPECT_EQ(before.head.content_type, "application/json");
  EXPECT_THAT(before.body, HasSubstr(R"("state": "unknown")"));
  ask("GET", "/metrics/second");
  const auto after = ask("GET", "/health");
  EXPECT_EQ(after.head.status, 503);
  EXPECT_THAT(after.body, AllOf(HasSubstr(R"("fault": "tls")"), HasSubstr(R"("since": ")")));
  EXPECT_EQ(ask("GET", "/health/first").head.status, 200);
  EXPECT_EQ(ask("GET", "/health/second").head.status, 503);
}

TEST_F(ServiceTest, AnswersHealthWithASlashAtTheEndAlike) {
  EXPECT_EQ(ask("GET", "/health/").body, ask("GET", "/health").body);
  EXPECT_THAT(browse("/health").body, HasSubstr("href=\".\""));
  EXPECT_THAT(browse("/health/").body, HasSubstr("href=\"..\""));
  ask("GET", "/metrics/second");
  for (const char* path : {"/health", "/health/"}) {
    EXPECT_EQ(ask("GET", path).head.status, 503) << path;
    EXPECT_EQ(browse(path).head.content_type, "text/html; charset=utf-8") << path;
  }
  EXPECT_EQ(ask("GET", "/health//").head.status, 404);
}

TEST_F(ServiceTest, ReportsTheStateOfEachTargetAsJson) {
  ask("GET", "/metrics/second");
  const auto answer = ask("GET", "/api/v1/status");
  EXPECT_EQ(answer.head.status, 200) << "also when a target fails";
  EXPECT_EQ(answer.head.content_type, "application/json");
  const auto document = nlohmann::json::parse(answer.body);
  EXPECT_EQ(document["version"], "1.2.3");
  EXPECT_EQ(document["state"], "failing");
  const auto& first = document["targets"][0];
  EXPECT_EQ(first["state"], "unknown");
  EXPECT_EQ(first["verdict"], "not scraped yet");
  EXPECT_EQ(first["material"]["loaded"], false);
  const auto& second = document["targets"][1];
  EXPECT_EQ(second["state"], "failing");
  EXPECT_EQ(second["fault"], "tls");
  EXPECT_EQ(second["verdict"], "the TLS connection to the service failed");
  EXPECT_EQ(second["next"], "the files are checked again every second");
  EXPECT_EQ(second["remedy"], "mount it, or correct the file name");
  EXPECT_EQ(second["pages"][0]["remedy"], second["remedy"]);
  EXPECT_TRUE(second["detail"].is_null());
  EXPECT_TRUE(first["remedy"].is_null());
  EXPECT_EQ(second["scrapes"]["last"][0]["fault"], "tls");
  EXPECT_EQ(second["session"]["proves_itself_by"], "certificate");
  EXPECT_TRUE(second["credential"].is_null());
  EXPECT_EQ(second["config"]["tls_config"]["ca_file"], "/does/not/exist/ca.crt");
}

TEST_F(ServiceTest, ShowsPagesToPeople) {
  for (const char* path : {"/", "/metrics/first/display", "/health"}) {
    SCOPED_TRACE(path);
    const auto answer = browse(path);
    EXPECT_EQ(answer.head.content_type, "text/html; charset=utf-8");
    EXPECT_THAT(answer.header("Content-Security-Policy"), HasSubstr("default-src 'none'"));
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.header("X-Frame-Options"), "DENY");
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  }
  const auto fault = browse("/metrics/first/display");
  EXPECT_EQ(fault.head.status, 502);
  EXPECT_EQ(fault.head.reason, "tls");
  EXPECT_THAT(fault.body, AllOf(HasSubstr("The TLS connection to the service failed."),
                                HasSubstr("/does/not/exist/ca.crt")));
  EXPECT_EQ(browse("/metrics/third/display").head.status, 404);
  EXPECT_EQ(browse("/metrics/display").head.reason, "unknown_target") << "a target's name";
}

TEST_F(ServiceTest, ShowsNoPageWhenPagesAreOff) {
  status_page = false;
  EXPECT_EQ(browse("/").head.status, 404);
  EXPECT_EQ(browse("/metrics/first/display").head.status, 404);
  EXPECT_EQ(browse("/health").head.content_type, "application/json");
  EXPECT_EQ(browse("/api/v1/status").head.status, 200);
}

TEST_F(ServiceTest, KnowsTheHeartbeatBelowItsPrefix) {
  const auto knows = [&](const std::string& prefix, const std::string& path) {
    return service({500ms, false, prefix, true, false}).isHeartbeat({"GET", path, "", {}});
  };
  EXPECT_TRUE(knows("", "/heartbeat"));
  EXPECT_TRUE(knows("/a", "/a/heartbeat"));
  for (const char* path : {"/heartbeat", "/a/heartbeat/", "/a/heartbeatx", "/a/stats", "/a", ""})
    EXPECT_FALSE(knows("/a", path)) << path;
  WebService::ServiceOptions awaiting;
  awaiting.awaiting = "the configuration is missing";
  awaiting.closed = true;
  EXPECT_EQ(askWith(awaiting, {"GET", "/heartbeat", "", {}}).head.status, 200) << "as /-/healthy";
}

TEST_F(ServiceTest, AnswersUnderTheNamesOfOlderSystems) {
  EXPECT_EQ(ask("GET", "/prometheus_metrics").head.reason, "tls");
  EXPECT_EQ(ask("GET", "/health/second/sanity").head.reason, "tls");
  EXPECT_EQ(ask("GET", "/health/third/sanity").head.status, 404);
  EXPECT_THAT(nlohmann::json::parse(ask("GET", "/heartbeat").body)["msg"], HasSubstr("alive"));
  const auto stats = nlohmann::json::parse(ask("GET", "/stats").body);
  EXPECT_EQ(stats["uptime"], "1970-01-01 00:00:00.000000Z");
  EXPECT_EQ(stats["total_scrape_count"], 2);
  EXPECT_EQ(stats["failed_scrape_count"], 2);
  EXPECT_TRUE(stats["snapshot"].is_null());
  const auto external = nlohmann::json::parse(ask("GET", "/external").body);
  EXPECT_EQ(external["errors"], (nlohmann::json{{"first : tls", 1}, {"second : tls", 1}}));
}

TEST_F(ServiceTest, SaysWhichConfigurationItWaitsFor) {
  targets = std::make_shared<Targets>();
  WebService::ServiceOptions options;
  options.awaiting = "/config/postern.yml: cannot be read";
  options.route_prefix = "/a";
  for (const char* path :
       {"/a/metrics", "/a/metrics/first", "/a/-/ready", "/a/api/v1/status", "/a/", "/a/health",
        "/a/stats", "/a/metrics/first/display", "/a/health/first/sanity"}) {
    SCOPED_TRACE(path);
    const auto answer = askWith(options, {"GET", path, "", {}});
    EXPECT_EQ(answer.head.status, 503);
    EXPECT_EQ(answer.head.reason, "config");
    EXPECT_THAT(answer.body, HasSubstr("/config/postern.yml: cannot be read"));
  }
  EXPECT_EQ(askWith(options, {"GET", "/a/metrics", "", {}}).body,
            "config: /config/postern.yml: cannot be read; postern reads the configuration again "
            "every 10 s, and when the file changes\n");
  const auto health = nlohmann::json::parse(askWith(options, {"GET", "/a/health", "", {}}).body);
  EXPECT_EQ(health["fault"], "config");
  EXPECT_EQ(askWith(options, {"GET", "/a/-/healthy", "", {}}).head.status, 200);
  EXPECT_EQ(askWith(options, {"GET", "/a/nothing", "", {}}).head.status, 404);
  EXPECT_THAT(askWith(options, {"GET", "/a/-/metrics", "", {}}).body,
              HasSubstr("postern_config_last_reload_successful "));

  options.closed = true;
  EXPECT_EQ(askWith(options, {"GET", "/a/-/metrics", "", {}}).head.reason, "config");
  EXPECT_EQ(askWith(options, {"GET", "/a/-/healthy", "", {}}).head.status, 200);
}

TEST_F(ServiceTest, ShowsEachCounterFromTheStart) {
  const auto page = ask("GET", "/-/metrics").body;
  for (const auto& info : kFaults) {
    if (!isOfTarget(info.fault)) continue;
    EXPECT_THAT(page, HasSubstr("postern_scrape_failures_total{target=\"first\",reason=\"" +
                                std::string(info.name) + "\"} 0\n"));
  }
  for (const char* line :
       {"postern_scrapes_total{target=\"second\"} 0\n",
        "postern_build_info{version=\"1.2.3\",revision=\"\"} 1\n",
        "postern_login_attempts_total{target=\"first\",result=\"rejected\"} 0\n",
        "postern_tls_reloads_total{target=\"first\",role=\"client\",result=\"success\"} 0\n",
        "postern_scrape_duration_seconds_bucket{target=\"first\",le=\"+Inf\"} 0\n",
        "process_open_fds "}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

TEST_F(ServiceTest, HasMetricsOfTheWebConfigurationIfItIsSet) {
  EXPECT_THAT(ask("GET", "/-/metrics").body, Not(HasSubstr("postern_web_")));

  Self self;
  self.web_config.configured = true;
  self.web_config.refused = {4, 2, 1};
  self.web_config.server = {SystemTime(1'700'000'001s), SystemTime(1'800'000'001s)};
  const auto page = selfMetrics(viewsOf(*targets), self);
  for (const char* line :
       {"postern_web_config_last_reload_successful 1\n",
        "postern_web_refusals_total{reason=\"unauthorized\"} 4\n",
        "postern_web_refusals_total{reason=\"rate_limit\"} 2\n",
        "postern_web_refusals_total{reason=\"busy\"} 1\n",
        "postern_web_certificate_not_after_timestamp_seconds{role=\"server\"} 1800000001\n",
        "postern_web_certificate_not_before_timestamp_seconds{role=\"server\"} 1700000001\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
  EXPECT_THAT(page, Not(HasSubstr("client_ca")));
}

}  // namespace
}  // namespace postern::web
