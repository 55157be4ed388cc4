#include "web/self_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "fakes/test_data.h"
#include "unit/web/views.h"

namespace postern::web {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

// Its lines HELP and TYPE.
std::string familiesOf(const std::string& page) {
  std::istringstream in(page);
  std::string families;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# ")) families += line + "\n";
  }
  return families;
}

std::string familiesIn(const char* file) {
  std::ifstream in(testing::dataFolder() / "own_metrics" / file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The samples of one family, or of all families with this prefix.
std::string samplesOf(const std::string& page, const std::string& name) {
  std::istringstream in(page);
  std::string samples;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name)) samples += line + "\n";
  }
  return samples;
}

// The public part of postern's own metrics: a change here changes every dashboard.
TEST(OwnMetricsTest, KeepsNamesTypesHelpAndOrderOfItsFamilies) {
  Self self;
  self.web_config.configured = true;
  const TargetViews targets = {viewWith(configNamed("t"))};

  EXPECT_EQ(familiesOf(selfMetrics(targets, self)), familiesIn("families.txt"));
  EXPECT_EQ(familiesOf(selfMetricsForPage(targets, self)),
            familiesIn("families_of_a_target_page.txt"));
}

TEST(OwnMetricsTest, NamesEachFamilyOnceForAllTargets) {
  const TargetViews one = {viewWith(configNamed("a"))};
  const TargetViews two = {viewWith(configNamed("a")), viewWith(configNamed("b"))};

  EXPECT_EQ(familiesOf(selfMetrics(two, {})), familiesOf(selfMetrics(one, {})));
  EXPECT_EQ(samplesOf(selfMetrics(two, {}), "postern_scrapes_total"),
            "postern_scrapes_total{target=\"a\"} 0\npostern_scrapes_total{target=\"b\"} 0\n");
}

TEST(OwnMetricsTest, HasNoSampleOfWhatIsNotKnown) {
  const auto page = selfMetrics({viewWith(configNamed("t"))}, {});

  for (const char* name :
       {"postern_up{", "postern_page_up{", "postern_login_last_success_timestamp_seconds{",
        "postern_login_next_attempt_timestamp_seconds{", "postern_token_expiry_timestamp_seconds{",
        "postern_credential_reloads_total{", "postern_credential_last_read_successful{",
        "postern_certificate_not_after_timestamp_seconds{"}) {
    EXPECT_EQ(samplesOf(page, name), "") << name;
  }
}

TEST(OwnMetricsTest, ShowsTheLastScrapeAndItsPages) {
  auto config = configNamed("t");
  config.pages.push_back(config::Page{"/health", config::Format::Text, {}, false, {}, {}});
  auto view = scrapedView(config);
  view.counts.pages[1] = Error{Fault::Timeout, "too late", "", {}};
  view.counts.scrapes = 3;
  view.counts.failures[static_cast<std::size_t>(Fault::Tls)] = 2;
  view.counts.durations.observe(0.003);
  view.counts.page_bytes = 1'000'000;
  view.connections = 4;
  view.counts.all.unmatched = 5;
  const auto good = selfMetrics({view}, {});
  view.counts.fault = Error{Fault::Tls, "no trust", "", {}};
  const auto failed = selfMetrics({view}, {});

  EXPECT_EQ(samplesOf(good, "postern_up{"), "postern_up{target=\"t\"} 1\n");
  EXPECT_EQ(samplesOf(failed, "postern_up{"), "postern_up{target=\"t\"} 0\n");
  EXPECT_EQ(samplesOf(good, "postern_page_up"),
            "postern_page_up{target=\"t\",page=\"/metrics\"} 1\n"
            "postern_page_up{target=\"t\",page=\"/health\"} 0\n");
  EXPECT_THAT(good, HasSubstr("postern_target_fault{target=\"t\",fault=\"tls\"} 0\n"));
  EXPECT_THAT(failed, HasSubstr("postern_target_fault{target=\"t\",fault=\"tls\"} 1\n"));
  for (const char* line : {"postern_scrapes_total{target=\"t\"} 3\n",
                           "postern_scrape_failures_total{target=\"t\",reason=\"tls\"} 2\n",
                           "postern_scrape_duration_seconds_bucket{target=\"t\",le=\"0.0025\"} 0\n",
                           "postern_scrape_duration_seconds_bucket{target=\"t\",le=\"0.005\"} 1\n",
                           "postern_scrape_duration_seconds_count{target=\"t\"} 1\n",
                           "postern_page_bytes{target=\"t\"} 1e+06\n",
                           "postern_samples_dropped_total{target=\"t\",reason=\"match\"} 5\n",
                           "postern_upstream_connections{target=\"t\"} 4\n"}) {
    EXPECT_THAT(good, HasSubstr(line));
  }
  EXPECT_THAT(selfMetricsForPage({view}, {}), Not(HasSubstr("postern_page_up")));
}

TEST(OwnMetricsTest, ShowsLoginsAndTheCredential) {
  auto view = viewWith(configNamed("t"));
  view.session.rejected = 2;
  view.session.rejections = 1;
  view.session.token_expiry = kViewedAt + 60s;
  view.session.waiting = true;
  view.credential = CredentialView{"mounted", 7, 1, kViewedAt, "", "", true, ""};
  const auto for_ever = selfMetrics({view}, {});
  view.session.next_attempt = kViewedAt + 5s;
  view.credential->error = "no such file";
  const auto page = selfMetrics({view}, {});

  EXPECT_EQ(samplesOf(for_ever, "postern_login_next_attempt_timestamp_seconds"),
            "postern_login_next_attempt_timestamp_seconds{target=\"t\"} inf\n");
  EXPECT_EQ(samplesOf(for_ever, "postern_credential_last_read_successful"),
            "postern_credential_last_read_successful{target=\"t\",source=\"mounted\"} 1\n");
  EXPECT_EQ(samplesOf(page, "postern_credential_last_read_successful"),
            "postern_credential_last_read_successful{target=\"t\",source=\"mounted\"} 0\n");
  for (const char* line :
       {"postern_login_attempts_total{target=\"t\",result=\"rejected\"} 2\n",
        "postern_login_rejections{target=\"t\"} 1\n",
        "postern_login_next_attempt_timestamp_seconds{target=\"t\"} 1700000005\n",
        "postern_token_expiry_timestamp_seconds{target=\"t\"} 1700000060\n",
        "postern_credential_reloads_total{target=\"t\",source=\"mounted\",result=\"success\"} 7\n",
        "postern_credential_reloads_total{target=\"t\",source=\"mounted\",result=\"failure\"} 1\n",
        "postern_credential_last_success_timestamp_seconds{target=\"t\",source=\"mounted\"} "
        "1.7e+09\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

TEST(OwnMetricsTest, ShowsCertificatesByPeerAndRole) {
  using Peer = MaterialView::PeerKind;
  const tls::Validity validity{kViewedAt, kViewedAt + 1h};
  auto view = viewWith(configNamed("t"));
  view.materials.resize(3);
  view.materials[1].peer = Peer::TokenEndpoint;
  view.materials[2].peer = Peer::Database;
  view.materials[0].client_validity = validity;
  view.materials[0].server = tls::Summary{"service", "localhost", "ca", validity};
  view.materials[1].ca_validity = validity;
  view.materials[2].client_validity = validity;
  view.materials[2].status.failed_reloads = 3;
  const auto page = selfMetrics({view}, {});

  const std::string name = "postern_certificate_not_after_timestamp_seconds";
  EXPECT_EQ(samplesOf(page, name), name + "{target=\"t\",role=\"client\"} 1700003600\n" + name +
                                       "{target=\"t\",role=\"upstream\"} 1700003600\n" + name +
                                       "{target=\"t\",role=\"token_endpoint_ca\"} 1700003600\n" +
                                       name +
                                       "{target=\"t\",role=\"database_client\"} 1700003600\n");
  EXPECT_THAT(page, HasSubstr("postern_certificate_not_before_timestamp_seconds{target=\"t\",role="
                              "\"client\"} 1.7e+09\n"));
  for (const char* role : {"client", "token_endpoint", "database"}) {
    EXPECT_THAT(page, HasSubstr("postern_tls_reloads_total{target=\"t\",role=\"" +
                                std::string(role) + "\",result=\"success\"} 0\n"));
  }
  EXPECT_THAT(page, HasSubstr("role=\"database\",result=\"failure\"} 3\n"));
  EXPECT_EQ(samplesOf(page, "postern_tls_verification_disabled"),
            "postern_tls_verification_disabled{target=\"t\"} 0\n");
}

}  // namespace
}  // namespace postern::web
