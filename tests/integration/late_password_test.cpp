#include <gtest/gtest.h>

#include <fstream>

#include "fake_whatsapp/fake_whatsapp.h"
#include "fakes/certificates.h"
#include "fakes/fake_clock.h"
#include "scrape/target.h"

namespace postern {
namespace {

using namespace std::chrono_literals;

// A target with the real session, client and TLS against the real look-alike; only the time by
// which decisions are made is ours.
class LatePasswordTest : public ::testing::Test {
 protected:
  LatePasswordTest()
      : authority_(testing::makeAuthority()),
        server_(testing::makeServer(authority_, {"localhost"})),
        client_(authority_.issue({.common_name = "scraper",
                                  .names = {},
                                  .use = testing::Use::Client,
                                  .ends = std::chrono::hours(24 * 3650)})),
        whatsapp_(lookAlike()),
        target_(std::make_shared<scrape::Target>(
            config(), std::make_shared<scrape::Door>(config(), "", resolver_, clock_, drawUniform),
            std::make_shared<scrape::Stats>("t"), workers_, clock_, [] { return std::string(); })) {
  }

  testing::FakeWhatsapp::Options lookAlike() {
    testing::FakeWhatsapp::Options options;
    options.cert_file = folder_.write("server.crt", server_.certificate());
    options.key_file = folder_.write("server.key", server_.key());
    options.ca_file = folder_.write("ca.crt", authority_.certificate());
    options.behaviour.password = "Passw0rd-0!";
    options.behaviour.max_bad_logins = 5;
    options.behaviour.limiter_window = 300s;
    options.now = [this] { return clock_.system(); };
    return options;
  }
  config::Target config() {
    config::Target target;
    target.name = "t";
    target.url = {"localhost", whatsapp_.port(), ""};
    target.tls.ca_file = folder_.path() / "ca.crt";
    target.tls.cert_file = folder_.write("tls.crt", client_.certificate());
    target.tls.key_file = folder_.write("tls.key", client_.key());
    config::FileCredentials files;
    files.username = "admin";
    files.password_file = folder_.path() / "password";
    mount("Passw0rd-0!");
    target.credentials = config::Credentials{files, std::nullopt, "Bearer"};
    config::Login login;
    login.url = "/v1/users/login";
    login.basic_auth = true;
    login.token.json = "/users/0/token";
    login.expires = config::AnswerPlace{"/users/0/expires_after", ""};
    target.login = login;
    config::Page page;
    page.path = "/metrics";
    page.format = config::Format::WhatsappJson;
    target.pages = {page};
    return target;
  }
  void mount(const std::string& password) { folder_.write("password", password + "\n"); }
  void pass(std::chrono::seconds time) {
    for (auto second = 0s; second < time; ++second) {
      clock_.advance(1s);
      target_->door()->pollFiles();
    }
  }
  bool scrapes() {
    return static_cast<bool>(
        target_
            ->scrape(std::chrono::steady_clock::now() + 10s, [](std::string_view) { return true; })
            .page);
  }

  testing::FakeClock clock_;
  testing::TemporaryFolder folder_;
  testing::Identity authority_, server_, client_;
  testing::FakeWhatsapp whatsapp_;
  upstream::Resolver resolver_;
  scrape::Workers workers_{8};
  std::shared_ptr<scrape::Target> target_;
};

TEST_F(LatePasswordTest, NeverGetsTheAccountThrottledAHundredTimes) {
  ASSERT_TRUE(scrapes());
  for (int change = 1; change <= 100; ++change) {
    SCOPED_TRACE(change);
    const std::string password = "Passw0rd-" + std::to_string(change) + "!";
    whatsapp_.change([&](auto& behaviour) { behaviour.password = password; });
    whatsapp_.revokeTokens();
    for (int scrape = 0; scrape < 18; ++scrape) {  // a scrape each 5 s, 90 s long
      EXPECT_FALSE(scrapes());
      pass(5s);
    }
    mount(password);
    bool good = false;
    for (int second = 0; second < 3 && !good; ++second) {
      pass(1s);
      good = scrapes();
    }
    ASSERT_TRUE(good) << "a scrape is good within 3 s of the file";
    pass(8min);
    ASSERT_TRUE(scrapes());
  }
  const auto counters = whatsapp_.counters();
  EXPECT_EQ(counters.throttled_logins, 0U);
  EXPECT_GE(counters.bad_logins, 100U);
  EXPECT_LE(counters.bad_logins, 300U);
}

}  // namespace
}  // namespace postern
