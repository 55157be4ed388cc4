#include "serve/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_clock.h"
#include "fakes/recording_sink.h"

namespace postern::serve {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A service whose targets have no certificates yet, so that nothing leaves this process.
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
      made->all.push_back(std::make_shared<scrape::Target>(
          config, std::make_shared<scrape::Door>(config, "", resolver, clock, drawUniform),
          std::make_shared<scrape::Stats>(name), workers, clock, [] { return std::string(); }));
    }
    targets = std::move(made);
  }
  testing::RecordingSink ask(const std::string& method, const std::string& path,
                             bool lifecycle = false) {
    Service service({500ms, lifecycle}, {[&] { return targets; },
                                         [](const RequestStats& requests) {
                                           Self self;
                                           self.version = "1.2.3";
                                           self.requests = requests.all();
                                           return self;
                                         },
                                         [&] {
                                           ++reloads;
                                           return reload_complaints;
                                         }});
    testing::RecordingSink sink;
    service.handle({method, path, "", {}}, sink);
    return sink;
  }

  testing::FakeClock clock;
  upstream::Resolver resolver;
  scrape::Workers workers{4};
  TargetsNow targets;
  int reloads = 0;
  std::string reload_complaints;
};

TEST_F(ServiceTest, NamesTheFaultInStatusLineAndBody) {
  for (const char* path : {"/metrics", "/metrics/first"}) {
    const auto sink = ask("GET", path);
    EXPECT_EQ(sink.head.status, 502);
    EXPECT_EQ(sink.head.reason, "tls");
    EXPECT_THAT(sink.body, AllOf(StartsWith("tls: target first: "),
                                 HasSubstr("/does/not/exist/ca.crt"), HasSubstr("; ")));
  }
  EXPECT_THAT(ask("GET", "/metrics/second").body, StartsWith("tls: target second: "));
}

TEST_F(ServiceTest, KnowsItsTargetsByName) {
  for (const char* path :
       {"/metrics/third", "/metrics/", "/metrics/first/", "/health/third", "/metrics/\x1b[31m"}) {
    SCOPED_TRACE(path);
    const auto sink = ask("GET", path);
    EXPECT_EQ(sink.head.status, 404);
    EXPECT_EQ(sink.head.reason, "unknown_target");
    EXPECT_THAT(sink.body, AllOf(StartsWith("unknown_target: target "), Not(HasSubstr("\x1b"))));
  }
}

TEST_F(ServiceTest, AnswersOtherMethodsAndPathsAsHttpWants) {
  const auto answers = [&](const char* method, const char* path, int status, const char* allow) {
    SCOPED_TRACE(std::string(method) + " " + path);
    const auto sink = ask(method, path);
    EXPECT_EQ(sink.head.status, status);
    EXPECT_EQ(sink.header("Allow"), allow);
    EXPECT_TRUE(sink.ended);
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
}

TEST_F(ServiceTest, IsAliveWithoutCertificatesButNotReady) {
  for (const char* path : {"/-/healthy", "/healthz", "/livez"})
    EXPECT_EQ(ask("GET", path).head.status, 200);
  for (const char* path : {"/-/ready", "/readyz"}) {
    const auto sink = ask("GET", path);
    EXPECT_EQ(sink.head.status, 503);
    EXPECT_THAT(sink.body, HasSubstr("target first: tls: "));
  }
}

TEST_F(ServiceTest, ReloadsOnlyWhenAllowedTo) {
  EXPECT_EQ(ask("POST", "/-/reload").head.status, 403);
  EXPECT_EQ(reloads, 0);
  EXPECT_EQ(ask("PUT", "/-/reload", true).head.status, 200);
  EXPECT_EQ(reloads, 1);
  reload_complaints = "postern.yml:1:1: nonsense\n";
  const auto sink = ask("POST", "/-/reload", true);
  EXPECT_EQ(sink.head.status, 500);
  EXPECT_THAT(sink.body, HasSubstr("postern.yml:1:1: nonsense"));
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

TEST_F(ServiceTest, ShowsEachCounterFromTheStart) {
  const auto page = ask("GET", "/-/metrics").body;
  for (const auto& info : kFaults) {
    if (info.fault == Fault::UnknownTarget) continue;
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

}  // namespace
}  // namespace postern::serve
