#include <gmock/gmock.h>
#include <atomic>
#include <thread>
#include <vector>

#include "integration/target_fixture.h"
#include "presets/whatsapp/product.h"

namespace postern {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class SharingTest : public testing::TargetTest {
 protected:
  // Runs `scrapers` at once and returns the number of answers that satisfy `good`.
  template <typename Good>
  int atOnce(int scrapers, Good good) {
    std::atomic<int> count = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < scrapers; ++i) {
      threads.emplace_back([&] {
        std::string streamed;
        const auto answer = scrape(10s, &streamed);
        if (good(answer, streamed)) ++count;
      });
    }
    threads.clear();
    return count;
  }
  // The number of requests for the page since the last call.
  int asked() {
    const auto all = static_cast<int>(whatsapp.counters().requests["/metrics"]);
    return all - std::exchange(asked_before_, all);
  }
  void stalls(std::chrono::milliseconds time) {
    testing::Provocation provocation;
    provocation.stall = time;
    whatsapp.provoke("/metrics", provocation);
  }
  void grows(std::size_t megabytes) {
    testing::Provocation provocation;
    provocation.megabytes = megabytes;
    whatsapp.provoke("/metrics", provocation);
  }

 private:
  int asked_before_ = 0;
};

const auto kHasPage = [](const scrape::Target::ScrapeAnswer& answer, const std::string&) {
  return answer.page && *answer.page != nullptr;
};

TEST_F(SharingTest, AsksOnceForScrapesThatOverlap) {
  open();
  ASSERT_TRUE(scrape().page);
  asked();
  stalls(300ms);
  EXPECT_EQ(atOnce(30, kHasPage), 30);
  EXPECT_LE(asked(), 2) << "a thread may be late";
  EXPECT_EQ(whatsapp.counters().logins, 1U);
  EXPECT_GE(stats->counts().shared, 28U);
}

TEST_F(SharingTest, LetsEachScraperLeaveAtItsOwnDeadline) {
  open();
  ASSERT_TRUE(scrape().page);
  asked();
  stalls(1s);
  std::jthread patient([&] { EXPECT_TRUE(scrape(10s).page); });
  while (stats->counts().scrapes < 1 || whatsapp.counters().requests["/metrics"] < 2)
    std::this_thread::yield();
  const auto began = std::chrono::steady_clock::now();
  const auto hurried = scrape(100ms);
  ASSERT_FALSE(hurried.page);
  EXPECT_EQ(hurried.page.error().fault, Fault::Timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 600ms);
  patient.join();
  EXPECT_EQ(asked(), 1);
}

TEST_F(SharingTest, RunsUntilTheLatestDeadline) {
  open();
  ASSERT_TRUE(scrape().page);
  asked();
  stalls(600ms);
  std::jthread hurried([&] {
    const auto answer = scrape(300ms);
    ASSERT_FALSE(answer.page);
    EXPECT_EQ(answer.page.error().fault, Fault::Timeout);
  });
  while (whatsapp.counters().requests["/metrics"] < 2) std::this_thread::yield();
  EXPECT_TRUE(scrape(10s).page) << "the shared request outlives the first scraper";
  hurried.join();
  EXPECT_EQ(asked(), 1);
}

TEST_F(SharingTest, StreamsToTheFirstAndFetchesAgainForTheOthers) {
  config.pages = {textPage()};
  config.hold_back = 64 << 10;
  open();
  ASSERT_TRUE(scrape().page);
  asked();
  grows(2);
  const auto streamed_whole = [](const scrape::Target::ScrapeAnswer& answer,
                                 const std::string& streamed) {
    return answer.page && answer.streamed && streamed.size() > (2U << 20) &&
           streamed.back() == '\n';
  };
  EXPECT_EQ(atOnce(8, streamed_whole), 8);
  EXPECT_GE(asked(), 8);
}

TEST_F(SharingTest, ServesARecentPageWhenConfigured) {
  config.share_for = 2s;
  open();
  ASSERT_TRUE(scrape().page);
  ASSERT_TRUE(scrape().page);
  EXPECT_EQ(asked(), 1);
  clock.advance(3s);
  ASSERT_TRUE(scrape().page);
  EXPECT_EQ(asked(), 1);
}

TEST_F(SharingTest, PutsItsOwnMetricsAtTheEndOfAPage) {
  config.pages = {textPage()};
  config.append_self = true;
  open();
  const auto answer = scrape();
  ASSERT_TRUE(answer.page);
  EXPECT_THAT(**answer.page, HasSubstr("# TYPE own gauge\nown 1\n"));
  EXPECT_THAT(**answer.page, HasSubstr("postern_page_up{target=\"t\",page=\"/metrics\"} 1\n"));
}

TEST_F(SharingTest, KeepsAnExpensivePageAndDropsItWhenItsRefreshFails) {
  auto expensive = page("/v1/stats/db", presets::whatsapp::kStatisticsFormat);
  expensive.required = false;
  expensive.min_interval = 5min;
  config.pages.push_back(expensive);
  open();
  for (int i = 0; i < 5; ++i) {
    const auto answer = scrape();
    ASSERT_TRUE(answer.page);
    EXPECT_THAT(**answer.page, HasSubstr("db_messages"));
  }
  EXPECT_EQ(whatsapp.counters().requests["/v1/stats/db"], 1U);
  testing::Provocation broken;
  broken.status = 500;
  whatsapp.provoke("/v1/stats/db", broken);
  clock.advance(6min);
  const auto answer = scrape();
  ASSERT_TRUE(answer.page);
  EXPECT_EQ((*answer.page)->find("db_messages"), std::string::npos);
  EXPECT_THAT(**answer.page, HasSubstr("page=\"/v1/stats/db\"} 0\n"));
}

TEST_F(SharingTest, SendsABadCredentialOnceAlthoughThereAreSeveralPages) {
  config.login.reset();
  config.credentials->file->username.clear();
  config.credentials->file->password_file.clear();
  config.credentials->file->token = Secret("no such token");
  config.pages = {page("/metrics", presets::whatsapp::kStatisticsFormat),
                  page("/v1/stats/app", presets::whatsapp::kStatisticsFormat),
                  page("/v1/stats/db", presets::whatsapp::kStatisticsFormat)};
  open();
  const auto answer = scrape();
  ASSERT_FALSE(answer.page);
  EXPECT_EQ(answer.page.error().fault, Fault::LoginRejected);
  EXPECT_EQ(whatsapp.counters().rejected_requests, 1U);
  EXPECT_EQ(scrape().page.error().fault, Fault::Backoff);
  EXPECT_EQ(whatsapp.counters().rejected_requests, 1U);
}

TEST_F(SharingTest, SendsAnApiKeyWithoutALogin) {
  whatsapp.change([](auto& behaviour) { behaviour.api_key = "0123456789abcdef"; });
  config.credentials->file->username.clear();
  config.credentials->file->password_file.clear();
  config.credentials->file->api_key = Secret("0123456789abcdef");
  open();
  EXPECT_TRUE(scrape().page);
  EXPECT_EQ(whatsapp.counters().logins, 0U);
}

TEST_F(SharingTest, LetsOnlyOnePageFailWhenItAloneRefusesTheToken) {
  auto other = page("/v1/stats/app", presets::whatsapp::kStatisticsFormat);
  other.required = false;
  config.pages.push_back(other);
  testing::Provocation refuses;
  refuses.status = 401;
  whatsapp.provoke("/v1/stats/app", refuses);
  open();
  for (int i = 0; i < 5; ++i) {
    const auto answer = scrape();
    ASSERT_TRUE(answer.page);
    EXPECT_THAT(**answer.page, HasSubstr("page=\"/v1/stats/app\"} 0\n"));
  }
  EXPECT_EQ(whatsapp.counters().logins, 1U);
}

TEST_F(SharingTest, ReplaysThePagesOfARevokedTokenAfterOneLogin) {
  config.pages.push_back(page("/v1/stats/app", presets::whatsapp::kStatisticsFormat));
  open();
  ASSERT_TRUE(scrape().page);
  whatsapp.revokeTokens();
  EXPECT_TRUE(scrape().page);
  EXPECT_EQ(whatsapp.counters().logins, 2U);
}

}  // namespace
}  // namespace postern
