// Health, status, trace, the page for people and the legacy endpoints of a target that exists only
// as a view.
#include "web/target_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/web/views.h"
#include "web/health.h"
#include "web/legacy_endpoints.h"
#include "web/scrape_trace.h"
#include "web/status.h"
#include "web/target_state.h"

namespace postern::web {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Error connectError() {
  return {Fault::Connect, "connection refused", "", {}};
}

TargetView failingView() {
  auto view = scrapedView(configNamed("t"));
  view.counts.fault = connectError();
  view.counts.pages[0] = connectError();
  return view;
}

nlohmann::json statusOf(const TargetView& view) {
  return nlohmann::json::parse(status({view}, {}, kViewedAt))["targets"][0];
}

TEST(TargetViewTest, HasAStateBeforeDuringAndAfterScrapes) {
  const auto describes = [](const TargetView& view, TargetState::Condition state,
                            std::string_view words, std::string_view next) {
    const auto target_state = stateOf(view);
    EXPECT_EQ(target_state.state, state);
    EXPECT_EQ(target_state.words, words);
    EXPECT_EQ(target_state.next, next);
    EXPECT_THAT(target_state.warnings, ElementsAre());
  };
  auto unhealthy = scrapedView(configNamed("t"));
  unhealthy.counts.health = scrape::ServiceHealth::Unhealthy;

  describes(viewWith(configNamed("t")), TargetState::Condition::Unknown, "not scraped yet",
            "the first scrape fetches it");
  describes(scrapedView(configNamed("t")), TargetState::Condition::Ok, "scraped without fault",
            "the next scrape fetches the page again");
  describes(unhealthy, TargetState::Condition::Unhealthy,
            "the service reports that it is not healthy", "the next scrape fetches the page again");
  describes(failingView(), TargetState::Condition::Failing, "the service cannot be reached",
            "the next scrape tries again");
}

TEST(TargetViewTest, SaysWhatTheSessionWaitsFor) {
  auto view = failingView();
  view.counts.fault = Error{Fault::Backoff, "a wait", "", {}};
  view.session.waiting = true;
  view.session.waiting_after = Fault::LoginRejected;

  EXPECT_EQ(stateOf(view).words,
            "the service rejects the credential; waiting before the next login");
  EXPECT_EQ(stateOf(view).next, "no login is sent until the credential changes");
  EXPECT_EQ(stateOf(view).next_attempt, std::nullopt);
  const auto for_ever = nlohmann::json::parse(health(view).json);
  EXPECT_EQ(for_ever["next_attempt"], "when the credential changes");

  view.session.next_attempt = kViewedAt + 60s;
  EXPECT_EQ(stateOf(view).next, "nothing is sent until then, or until the credential changes");
  EXPECT_EQ(statusOf(view)["next_attempt"]["in_seconds"], 60);
  EXPECT_EQ(statusOf(view)["session"]["waiting_after"], "login_rejected");
}

TEST(TargetViewTest, WarnsInTheOrderOfWhatIsNearest) {
  using Peer = MaterialView::PeerKind;
  const tls::Validity soon{kViewedAt - 24h * 365, kViewedAt + 5h};
  auto config = configNamed("t");
  config.tls.insecure_skip_verify = true;
  auto view = scrapedView(config);
  view.materials.resize(2);
  view.materials[0].client_validity = soon;
  view.materials[0].warnings = {"a file is odd"};
  view.materials[0].status.error = "half written";
  view.materials[0].server = tls::Summary{"s", "s", "ca", soon};
  view.materials[1].peer = Peer::TokenEndpoint;
  view.materials[1].ca_validity = soon;
  view.materials[1].status.error = "not found";
  view.credential = CredentialView{"mounted", 1, 1, kViewedAt, "no such file", "", true, ""};
  view.counts.last.relabel_duplicates = 2;

  EXPECT_THAT(
      stateOf(view).warnings,
      ElementsAre(
          "the client certificate expires in 5 hours", "a file is odd",
          "renewed certificate files are invalid, the last valid ones stay in use: half written",
          "the service's certificate expires in 5 hours",
          "a certificate of the token endpoint's CA file expires in 5 hours",
          "the token endpoint's certificate files are invalid: not found",
          "the service's certificate is not verified",
          "the credential cannot be read again, the last one stays in use: no such file",
          HasSubstr("rules made 2 samples duplicates")));
  EXPECT_EQ(stateOf(view).words, "scraped, with warnings");
}

TEST(TargetViewTest, BecomesTheDocumentOfItsHealth) {
  const auto failing = nlohmann::json::parse(health(failingView()).json);
  EXPECT_EQ(failing["target"], "t");
  EXPECT_EQ(failing["state"], "failing");
  EXPECT_EQ(failing["fault"], "connect");
  EXPECT_EQ(failing["error"], "connection refused");
  EXPECT_EQ(failing["since"], "2023-11-14T22:12:20Z");
  EXPECT_EQ(failing["pages"][0]["page"], "/metrics");
  EXPECT_EQ(failing["pages"][0]["up"], false);
  EXPECT_FALSE(health(failingView()).well);

  const TargetViews both = {scrapedView(configNamed("a")), failingView()};
  EXPECT_EQ(nlohmann::json::parse(health(both).json)["state"], "failing");
}

TEST(TargetViewTest, BecomesTheDocumentOfItsStatus) {
  const tls::Validity validity{kViewedAt, kViewedAt + 24h * 10};
  auto config = configNamed("t");
  config.login.emplace();
  auto view = scrapedView(config);
  view.materials[0].cert_file = "/tls.crt";
  view.materials[0].client_chain = {{"client", "client", "ca", validity}};
  view.materials.resize(2);
  view.materials[1].peer = MaterialView::PeerKind::Database;
  view.materials[1].ca_file = "/ca.crt";
  view.materials[1].authorities = {{"ca", "", "ca", validity}};
  view.credential = CredentialView{"mounted", 1, 0, kViewedAt, "", "", true, ""};
  view.session.logged_in = true;
  view.session.last_success = kViewedAt;
  view.session.token_expiry = kViewedAt + 30s;
  view.counts.fetch_infos[0].status = 200;
  view.counts.scrapes = 1;
  view.last_scrapes = {{kViewedAt, 0.0124, Fault::Tls}};
  view.connections = 2;
  const auto document = statusOf(view);

  EXPECT_EQ(document["url"], "https://localhost:3000");
  EXPECT_EQ(document["session"]["proves_itself_by"], "login");
  EXPECT_EQ(document["session"]["token_expires"]["in_seconds"], 30);
  EXPECT_EQ(document["credential"]["found"], true);
  EXPECT_EQ(document["certificates"][0]["role"], "client");
  EXPECT_EQ(document["certificates"][0]["file"], "/tls.crt");
  EXPECT_EQ(document["certificates"][0]["days_left"], 10);
  EXPECT_EQ(document["certificates"][1]["role"], "database_ca");
  EXPECT_EQ(document["pages"][0]["status"], 200);
  EXPECT_EQ(document["scrapes"]["last"][0]["seconds"], 0.012);
  EXPECT_EQ(document["scrapes"]["last"][0]["fault"], "tls");
  EXPECT_EQ(document["upstream_connections"], 2);

  view.sends_credential_itself = true;
  EXPECT_EQ(statusOf(view)["session"]["proves_itself_by"], "credential");
  view.credential.reset();
  EXPECT_EQ(statusOf(view)["session"]["proves_itself_by"], "certificate");
  EXPECT_TRUE(statusOf(view)["credential"].is_null());
}

TEST(TargetViewTest, BecomesATrace) {
  auto config = configNamed("t");
  config.tls.ca_file = "/ca.crt";
  ScrapeTrace trace;
  trace.target = scrapedView(config);
  trace.target.connections = 1;
  trace.target.materials[0].ca_file = "/ca.crt";
  trace.target.materials[0].authorities = {{"root", "", "root", {kViewedAt, kViewedAt + 1h}}};
  trace.target.credential = CredentialView{"mounted", 1, 0, kViewedAt, "", "", true, ""};
  trace.target.session.successes = 1;
  trace.target.session.logged_in = true;
  trace.bytes = 5;
  trace.seconds = 0.0015;

  EXPECT_THAT(
      describe(trace),
      AllOf(HasSubstr("target        t, https://localhost:3000, preset none, at "
                      "2023-11-14T22:13:20Z\n"),
            HasSubstr("certificates  no client certificate is configured\n"
                      "              CA: 'root' for , issued by 'root', until "
                      "2023-11-14T23:13:20Z, from /ca.crt\n"),
            HasSubstr("credential    found from mounted\n"), HasSubstr("session       logged in\n"),
            HasSubstr("connection    to localhost:3000; open before: 0, after: 1\n"),
            HasSubstr("outcome       200, 5 bytes, in 1.5 ms\n"),
            HasSubstr("verdict       scraped without fault\n")));

  trace.session_before = trace.target.session;
  trace.error = connectError();
  trace.target.materials[0].error = Error{Fault::Tls, "/ca.crt: no such file", "", {}};
  EXPECT_THAT(describe(trace),
              AllOf(HasSubstr("certificates  tls: /ca.crt: no such file\n"),
                    HasSubstr("session       the result of the last login was used "
                              "again\n"),
                    HasSubstr("outcome       502 connect: connection refused\n")));
}

TEST(TargetViewTest, CountsInTheShapeOfLegacyEndpoints) {
  auto view = failingView();
  view.counts.scrapes = 5;
  view.counts.failures[static_cast<std::size_t>(Fault::Connect)] = 2;
  view.counts.shared = 1;
  view.counts.all.nan = 3;
  view.session.successes = 4;
  const TargetViews twice = {view, view};

  const auto counted = nlohmann::json::parse(statistics(twice, {}));
  EXPECT_EQ(counted["total_scrape_count"], 10);
  EXPECT_EQ(counted["failed_scrape_count"], 4);
  EXPECT_EQ(counted["shared_scrape_count"], 2);
  EXPECT_EQ(counted["total_login_count"], 8);
  EXPECT_EQ(counted["dropped_sample_count"], 6);
  EXPECT_EQ(nlohmann::json::parse(externalErrors({view}))["errors"]["t : connect"], 2);
}

TEST(TargetViewTest, BecomesARowOfThePageForPeople) {
  const auto reply = healthTable({scrapedView(configNamed("a<b")), failingView()}, ".");

  EXPECT_EQ(reply.head.status, 503);
  EXPECT_THAT(reply.body,
              AllOf(HasSubstr("a&lt;b"), Not(HasSubstr("a<b")), HasSubstr("Not all targets"),
                    HasSubstr("class=\"bad\">the service cannot be reached (connect: connection "
                              "refused)")));
}

}  // namespace
}  // namespace postern::web
