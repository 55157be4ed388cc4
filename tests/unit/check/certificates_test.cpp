// `postern check` checks every certificate: of the target, its token endpoint and its database.
#include "check/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <sstream>

#include "check/target_check.h"
#include "fakes/certificates.h"

namespace postern::check {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;
using testing::Identity;
using testing::makeAuthority;
using testing::Use;

class CertificatesTest : public ::testing::Test {
 protected:
  CertificatesTest() {
    target.name = "gate";
    target.tls = files("service");
    auto& oauth2 = target.oauth2.emplace();
    oauth2.tls = files("token");
    auto& mysql = target.credentials.emplace().mysql.emplace();
    mysql.tls = files("database");
    for (const char* use : {"service", "token", "database"}) write(use, hours(24 * 300));
  }
  config::Tls files(const std::string& use) const {
    config::Tls tls;
    tls.ca_file = folder.path() / use / "ca.crt";
    tls.cert_file = folder.path() / use / "tls.crt";
    tls.key_file = folder.path() / use / "tls.key";
    return tls;
  }
  void write(const std::string& use, std::chrono::seconds ends) const {
    const auto client = ca.issue({.common_name = use,
                                  .names = {},
                                  .use = Use::Client,
                                  .begins = -hours(24 * 300),
                                  .ends = ends});
    folder.write(use + "/ca.crt", ca.certificate());
    folder.write(use + "/tls.crt", client.certificate());
    folder.write(use + "/tls.key", client.key());
  }
  // The lines of the certificates, as JSON, one for each use.
  std::vector<OrderedJson> steps() const {
    std::FILE* const out = std::tmpfile();
    Report report(/*json=*/true, out);
    const config::CommandLine command_line;
    TargetCheck(target, command_line, report).reportFiles();
    std::rewind(out);
    std::string text(1U << 16U, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), out));
    std::fclose(out);
    std::vector<OrderedJson> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      auto step = OrderedJson::parse(line);
      if (step["step"] == "certificates") found.push_back(std::move(step));
    }
    return found;
  }

  testing::TemporaryFolder folder;
  Identity ca = makeAuthority();
  config::Target target;
};

TEST_F(CertificatesTest, EachUseHasAStepWithTheDaysThatAreLeft) {
  const auto all = steps();
  ASSERT_EQ(all.size(), 3U);
  const std::vector<std::string> begins = {"client 'service'", "token endpoint: client 'token'",
                                           "database: client 'database'"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string what = all[i]["what"];
    EXPECT_TRUE(what.starts_with(begins[i])) << what;
    EXPECT_THAT(what, HasSubstr("299 days left"));
    EXPECT_THAT(what, HasSubstr("CA 'Test CA'"));
    EXPECT_EQ(all[i]["state"], "ok");
  }
}

TEST_F(CertificatesTest, WhatExpiresSoonIsAWarningAndWhatIsBadAFailureInEachUse) {
  const std::vector<std::string> uses = {"service", "token", "database"};
  for (std::size_t i = 0; i < uses.size(); ++i) {
    SCOPED_TRACE(uses[i]);
    write(uses[i], hours(30));
    auto step = steps().at(i);
    EXPECT_EQ(step["state"], "warning");
    EXPECT_THAT(step.dump(), HasSubstr("renew " + (folder.path() / uses[i] / "tls.crt").string()));

    write(uses[i], -hours(1));
    step = steps().at(i);
    EXPECT_EQ(step["state"], "failed");
    EXPECT_THAT(step.dump(), HasSubstr("client certificate '" + uses[i] + "' expired at "));

    write(uses[i], hours(24 * 300));
    folder.write(uses[i] + "/ca.crt", "  " + ca.certificate());
    step = steps().at(i);
    EXPECT_EQ(step["state"], "failed");
    EXPECT_THAT(step.dump(), HasSubstr("the certificate at line 1 is indented"));
    write(uses[i], hours(24 * 300));
  }
}

TEST_F(CertificatesTest, ADatabaseWithoutTlsHasNoStep) {
  target.credentials->mysql->tls.reset();
  EXPECT_EQ(steps().size(), 2U);
}

}  // namespace
}  // namespace postern::check
