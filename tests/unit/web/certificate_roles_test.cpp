// Every certificate that postern uses has an expiry: in the metrics, the status and its warnings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "config/config.h"
#include "fakes/certificates.h"
#include "presets/registry.h"
#include "tls/certificate.h"
#include "unit/web/live_loop.h"
#include "web/self_metrics.h"
#include "web/status.h"
#include "web/targets.h"

namespace postern::web {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Identity;
using testing::makeAuthority;
using ::testing::Not;
using testing::Use;

class CertificateRolesTest : public ::testing::Test {
 protected:
  CertificateRolesTest() {
    for (const char* use : {"service", "token", "database"}) write(use, hours(24 * 365));
    const auto files = [this](const std::string& use) {
      const auto file = [&](const char* name) { return (folder.path() / use / name).string(); };
      return "{ ca_file: " + file("ca.crt") + ", cert_file: " + file("tls.crt") +
             ", key_file: " + file("tls.key") + " }";
    };
    const std::string config =
        "targets:\n"
        "  - name: first\n"
        "    url: https://localhost:1\n"
        "    tls_config: " +
        files("service") +
        "\n"
        "    oauth2: { client_id: postern, client_secret: hunter2,"
        " token_url: \"https://localhost:1/token\", tls_config: " +
        files("token") +
        " }\n"
        "  - name: second\n"
        "    url: https://localhost:1\n"
        "    credentials: { mysql: { host: localhost, database: whatsapp, user: postern,"
        " password: hunter2, tls_config: " +
        files("database") + " } }\n";
    const auto file = folder.write("postern.yml", config);
    const auto command_line =
        config::parseCommandLine(presets::products(), {"--config.file=" + file.string()}, {});
    const auto loaded = config::load(command_line);
    for (const auto& error : loaded.errors) ADD_FAILURE() << error.text();
    for (const auto& target : loaded.config.targets) {
      targets.all.push_back(live.makeTarget(target));
    }
  }

  // CA, client certificate and key of one use; they expire at that time.
  void write(const std::string& use, std::chrono::seconds ends) {
    const auto client = ca.issue({.common_name = use, .use = Use::Client, .ends = ends});
    folder.write(use + "/ca.crt", ca.certificate());
    folder.write(use + "/tls.crt", client.certificate());
    folder.write(use + "/tls.key", client.key());
    client_ends[use] = unixTime(*client.x509());
  }
  static std::string unixTime(const X509& certificate) {
    return std::to_string(
        std::chrono::system_clock::to_time_t(tls::validityOf(certificate).not_after));
  }
  std::string metrics() const { return selfMetrics(viewsOf(targets), Self()); }
  nlohmann::json target(std::size_t number) const {
    return nlohmann::json::parse(
        status(viewsOf(targets), Self(), live.clock.system()))["targets"][number];
  }
  void poll() const {
    for (const auto& target : targets.all) target->client()->pollFiles();
  }
  static std::string sample(const std::string& name, const std::string& role,
                            const std::string& value) {
    return "postern_certificate_" + name + "_timestamp_seconds{target=\"" +
           (role.starts_with("database") ? "second" : "first") + "\",role=\"" + role + "\"} " +
           value;
  }

  testing::TemporaryFolder folder;
  Identity ca = makeAuthority();
  std::map<std::string, std::string> client_ends;
  LiveLoop live;
  Targets targets;
};

TEST_F(CertificateRolesTest, EachUseOfACertificateHasItsExpiryAndItsRole) {
  struct Case {
    std::string use;
    std::string prefix;  // of the role
  };
  const auto page = metrics();
  for (const auto& [use, prefix] : std::vector<Case>{
           {"service", ""}, {"token", "token_endpoint_"}, {"database", "database_"}}) {
    EXPECT_THAT(page, HasSubstr(sample("not_after", prefix + "client", client_ends[use]))) << use;
    EXPECT_THAT(page, HasSubstr(sample("not_after", prefix + "ca", unixTime(*ca.x509())))) << use;
    EXPECT_THAT(page, HasSubstr(sample("not_before", prefix + "client", ""))) << use;
    EXPECT_THAT(page, HasSubstr(sample("not_before", prefix + "ca", ""))) << use;
  }
  const auto roles = [this](std::size_t number) {
    std::vector<std::string> all;
    const auto status = target(number);
    for (const auto& certificate : status["certificates"]) all.push_back(certificate["role"]);
    return all;
  };
  EXPECT_THAT(roles(0), ElementsAre("client", "ca", "token_endpoint_client", "token_endpoint_ca"));
  EXPECT_THAT(roles(1), ElementsAre("database_client", "database_ca"));
  EXPECT_EQ(target(1)["certificates"][0]["file"],
            (folder.path() / "database" / "tls.crt").string());
}

TEST_F(CertificateRolesTest, RenewedFilesAreReloadedAndBadOnesAreCounted) {
  struct Case {
    std::string use;
    std::string role;  // of its reloads
    std::string whose;
    std::size_t target;
  };
  for (const auto& [use, role, whose, number] :
       std::vector<Case>{{"token", "token_endpoint", "the token endpoint's", 0},
                         {"database", "database", "the database's", 1}}) {
    SCOPED_TRACE(use);
    const auto counted = [&, role = role, number = number](const std::string& result, int count) {
      return "postern_tls_reloads_total{target=\"" + std::string(number == 0 ? "first" : "second") +
             "\",role=\"" + role + "\",result=\"" + result + "\"} " + std::to_string(count) + "\n";
    };
    write(use, hours(2));
    poll();
    EXPECT_THAT(metrics(), HasSubstr(sample("not_after", role + "_client", client_ends[use])));
    EXPECT_THAT(metrics(), HasSubstr(counted("success", 1)));
    EXPECT_THAT(target(number)["warnings"].dump(), Not(HasSubstr("bad")));

    folder.write(use + "/ca.crt", "  " + ca.certificate());
    poll();
    EXPECT_THAT(metrics(), HasSubstr(counted("failure", 1)));
    EXPECT_THAT(metrics(), HasSubstr(sample("not_after", role + "_client", client_ends[use])));
    const auto warnings = target(number)["warnings"].dump();
    EXPECT_THAT(warnings, HasSubstr(whose + " renewed certificate files are invalid"));
    EXPECT_THAT(warnings, HasSubstr("the certificate at line 1 is indented"));
  }
}

TEST_F(CertificateRolesTest, WarnsOfWhatExpiresSoonWhosesoeverItIs) {
  for (const char* use : {"service", "token", "database"}) {
    const auto client = ca.issue(
        {.common_name = use, .use = Use::Client, .begins = -hours(24 * 365), .ends = hours(5)});
    folder.write(std::string(use) + "/tls.crt", client.certificate());
    folder.write(std::string(use) + "/tls.key", client.key());
  }
  poll();
  const auto first = target(0)["warnings"].dump();
  EXPECT_THAT(first, HasSubstr("\"the client certificate expires in 4 hours\""));
  EXPECT_THAT(first, HasSubstr("\"the token endpoint's client certificate expires in 4 hours\""));
  EXPECT_THAT(target(1)["warnings"].dump(),
              HasSubstr("\"the database's client certificate expires in 4 hours\""));
}

}  // namespace
}  // namespace postern::web
