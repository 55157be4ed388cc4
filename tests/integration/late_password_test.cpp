#include "integration/target_fixture.h"

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
    ASSERT_TRUE(good) << "a scrape is good within 3 s of the file";
    pass(8min);
    ASSERT_TRUE(scrape().page);
  }
  const auto counters = whatsapp.counters();
  EXPECT_EQ(counters.throttled_logins, 0U);
  EXPECT_GE(counters.bad_logins, 100U);
  EXPECT_LE(counters.bad_logins, 300U);
}

}  // namespace
}  // namespace postern
