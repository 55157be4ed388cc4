#include "integration/target_fixture.h"
#include "presets/whatsapp/product.h"

namespace postern {
namespace {

using namespace std::chrono_literals;

class LatePasswordTest : public testing::TargetTest {};

TEST_F(LatePasswordTest, NeverGetsTheAccountThrottledAHundredTimes) {
  whatsapp.change([](auto& behaviour) {
    behaviour.max_bad_logins = 5;
    behaviour.limiter_window = 300s;
  });
  open();
  ASSERT_TRUE(scrape().page);
  for (int change = 1; change <= 100; ++change) {
    SCOPED_TRACE(change);
    const std::string password = "Passw0rd-" + std::to_string(change) + "!";
    whatsapp.change([&](auto& behaviour) { behaviour.password = password; });
    whatsapp.revokeTokens();
    for (int scrapes = 0; scrapes < 18; ++scrapes) {  // one each 5 s, for 90 s
      EXPECT_FALSE(scrape().page);
      pass(5s);
    }
    mount(password);
    bool good = false;
    for (int second = 0; second < 3 && !good; ++second) {
      pass(1s);
      good = static_cast<bool>(scrape().page);
    }
    ASSERT_TRUE(good) << "a scrape succeeds within 3 s of the file";
    pass(8min);
    ASSERT_TRUE(scrape().page);
  }
  const auto counters = whatsapp.counters();
  EXPECT_EQ(counters.throttled_logins, 0U);
  EXPECT_GE(counters.bad_logins, 100U);
  EXPECT_LE(counters.bad_logins, 300U);
}

TEST_F(LatePasswordTest, TellsOfTheRejectionThatAPageCameTooLateFor) {
  config.pages.push_back(page("/v1/health", presets::whatsapp::kHealthFormat));
  open();
  ASSERT_TRUE(scrape().page);
  whatsapp.change([](auto& behaviour) { behaviour.password = "An0ther-one!"; });
  whatsapp.revokeTokens();
  testing::Provocation late;
  late.stall = 1s;  // meanwhile the other page's 401 causes the one login
  whatsapp.provoke("/metrics", late);

  const auto answer = scrape();
  ASSERT_FALSE(answer.page);
  EXPECT_EQ(answer.page.error().fault, Fault::LoginRejected) << answer.page.error().what;
  EXPECT_EQ(whatsapp.counters().bad_logins, 1U);
  EXPECT_EQ(scrape().page.error().fault, Fault::Backoff);
}

}  // namespace
}  // namespace postern
