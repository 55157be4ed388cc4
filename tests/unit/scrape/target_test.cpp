#include "scrape/target.h"

#include <gmock/gmock.h>

#include "unit/scrape/target_fixture.h"

namespace postern::scrape {
namespace {

using ::testing::HasSubstr;
using Answer = FakeHttpClient::Answer;

class TargetTest : public ::testing::Test {
 protected:
  // The service sends its head after this time.
  void stalls(std::chrono::milliseconds time) {
    simulated.service = [time](const upstream::Request&) -> Result<Answer> {
      Answer answer{200, "a 1\n"};
      answer.after = time;
      return answer;
    };
  }
  // The page has `blocks` blocks of 64 KiB; one block arrives per `each`.
  void grows(std::size_t blocks, std::chrono::milliseconds each) {
    simulated.service = [blocks, each](const upstream::Request&) -> Result<Answer> {
      Answer answer;
      answer.more_blocks.assign(blocks, largeBlock());
      answer.block_after = each;
      return answer;
    };
  }
  // Two scrapers with these timeouts come at once while the service stalls. Returns when both have
  // their answers.
  std::pair<const Scraper&, const Scraper&> scrapesTwice(std::chrono::milliseconds stalled,
                                                         std::chrono::milliseconds first,
                                                         std::chrono::milliseconds second) {
    stalls(stalled);
    simulated.open();
    const auto& one = simulated.scrape(first);
    const auto& other = simulated.scrape(second);
    simulated.finish();
    return {one, other};
  }
  // The number of requests to the service since the last call.
  int asked() {
    const int all = simulated.http->count();
    return all - std::exchange(asked_before_, all);
  }

  testing::SimulatedLoop loop;
  SimulatedTarget simulated{loop};

 private:
  int asked_before_ = 0;
};

TEST_F(TargetTest, AsksOnceForScrapesThatOverlap) {
  stalls(300ms);
  simulated.open();
  for (int i = 0; i < 30; ++i) simulated.scrape();
  simulated.finish();
  for (const auto& scraper : simulated.scrapers) {
    ASSERT_TRUE(scraper->hasPage());
    EXPECT_EQ(scraper->page(), "a 1\n");
  }
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(simulated.stats->counts().shared, 29U);
  simulated.scrapeNow();
  EXPECT_EQ(asked(), 1) << "a page is fetched for each scrape";
}

TEST_F(TargetTest, SharesARunInTheSameFormAlone) {
  stalls(300ms);
  simulated.open();
  simulated.scrape();
  simulated.scrape(10s, {exposition::Syntax::OpenMetrics, true, exposition::Escaping::AllowUtf8});
  simulated.scrape();
  simulated.finish();
  EXPECT_EQ(asked(), 2);
}

TEST_F(TargetTest, LetsEachScraperLeaveAtItsOwnDeadline) {
  const auto began = loop.now();
  const auto [patient, hurried] = scrapesTwice(1s, 10s, 100ms);
  EXPECT_TRUE(patient.hasPage());
  EXPECT_EQ(patient.answered_at - began, 1s);
  EXPECT_EQ(hurried.fault(), Fault::Timeout);
  EXPECT_EQ(hurried.answered_at - began, 125ms) << "the deadline, and the time to say why";
  EXPECT_EQ(asked(), 1);
}

TEST_F(TargetTest, RunsUntilTheLatestDeadline) {
  const auto [hurried, patient] = scrapesTwice(600ms, 300ms, 10s);
  EXPECT_EQ(hurried.fault(), Fault::Timeout);
  EXPECT_TRUE(patient.hasPage()) << "the shared request outlives the first scraper";
  EXPECT_EQ(asked(), 1);
}

TEST_F(TargetTest, EndsARunAtTheLatestDeadlineAndSaysWhereItGotStuck) {
  const auto began = loop.now();
  const auto [first, second] = scrapesTwice(1min, 300ms, 500ms);
  EXPECT_EQ(first.answer->page.error().what, "the page did not arrive in time");
  EXPECT_THAT(second.answer->page.error().what, HasSubstr("did not answer in time"));
  EXPECT_EQ(second.answered_at - began, 500ms);
  EXPECT_EQ(simulated.http->inFlight(), 0);
  EXPECT_EQ(simulated.stats->counts().fault->fault, Fault::Timeout);
}

TEST_F(TargetTest, StreamsToTheFirstAndFetchesAgainForTheOthers) {
  simulated.config.hold_back = 128 << 10;
  simulated.config.max_concurrent_scrapes = 8;
  grows(20, 10ms);
  simulated.open();
  for (int i = 0; i < 8; ++i) simulated.scrape();
  simulated.finish();
  for (const auto& scraper : simulated.scrapers) {
    EXPECT_TRUE(scraper->answer->streamed);
    ASSERT_TRUE(scraper->answer->page);
    EXPECT_EQ(scraper->stream.text.size(), 20U * 65'500);
  }
  EXPECT_EQ(asked(), 8);
  EXPECT_EQ(simulated.stats->counts().shared, 0U);
}

TEST_F(TargetTest, StreamsToTheFirstWhoseDeadlineHasNotPassed) {
  simulated.config.hold_back = 128 << 10;
  grows(20, 100ms);
  simulated.open();
  const auto& hurried = simulated.scrape(290ms);  // the page outgrows the hold-back at 300 ms
  const auto& patient = simulated.scrape(10s);
  simulated.finish();
  EXPECT_EQ(hurried.fault(), Fault::Timeout);
  EXPECT_FALSE(hurried.answer->streamed);
  EXPECT_TRUE(patient.answer->streamed);
  EXPECT_TRUE(patient.answer->page);
  EXPECT_EQ(asked(), 1);
}

TEST_F(TargetTest, EndsARunThatNobodyWaitsFor) {
  simulated.config.hold_back = 128 << 10;
  simulated.config.max_concurrent_scrapes = 1;
  grows(20, 100ms);
  simulated.open();
  auto& scraper = simulated.scrape(10s);
  simulated.pass(250ms);
  scraper.connection.cancel();
  simulated.pass(100ms);
  EXPECT_EQ(simulated.http->inFlight(), 0);
  EXPECT_TRUE(simulated.scrapeNow().answer->streamed) << "its slot is free";
}

TEST_F(TargetTest, EndsAStreamAtTheDeadlineOfItsScraper) {
  simulated.config.hold_back = 128 << 10;
  grows(20, 100ms);
  simulated.open();
  const auto began = loop.now();
  const auto& scraper = simulated.scrapeNow(1s);
  EXPECT_EQ(scraper.fault(), Fault::Timeout);
  EXPECT_TRUE(scraper.answer->streamed);
  EXPECT_EQ(scraper.answered_at - began, 1s);
  EXPECT_EQ(simulated.stats->counts().fault->fault, Fault::Timeout);
}

TEST_F(TargetTest, SaysNothingOfTheTargetWhenTheScraperOfAStreamHasGone) {
  simulated.config.hold_back = 128 << 10;
  grows(20, 100ms);
  simulated.open();
  auto& scraper = simulated.scrape();
  simulated.pass(450ms);
  EXPECT_GT(scraper.stream.blocks, 0);
  scraper.stream.leave();
  simulated.finish();
  EXPECT_EQ(scraper.fault(), Fault::Timeout);
  EXPECT_EQ(simulated.http->inFlight(), 0);
  EXPECT_FALSE(simulated.stats->counts().fault);
}

TEST_F(TargetTest, BreaksAStreamOffWhenThePageFails) {
  simulated.config.hold_back = 128 << 10;
  simulated.service = [](const upstream::Request&) -> Result<Answer> {
    Answer answer;
    answer.more_blocks.assign(5, largeBlock());
    answer.more_blocks.emplace_back("no value\n");
    return answer;
  };
  simulated.open();
  const auto& scraper = simulated.scrapeNow();
  EXPECT_EQ(scraper.fault(), Fault::Format);
  EXPECT_TRUE(scraper.answer->streamed);
  EXPECT_EQ(scraper.stream.text.size(), 5U * 65'500);
}

TEST_F(TargetTest, AnswersBusyWhenThereIsNoPlaceByTheDeadline) {
  simulated.config.hold_back = 128 << 10;
  simulated.config.max_concurrent_scrapes = 2;
  grows(100, 100ms);
  simulated.open();
  simulated.scrape(30s);
  simulated.scrape(30s);
  simulated.pass(1s);
  const auto began = loop.now();
  const auto& refused = simulated.scrape(1s);
  const auto& patient = simulated.scrape(30s);
  simulated.finish();
  EXPECT_EQ(refused.fault(), Fault::Busy);
  EXPECT_EQ(refused.answered_at - began, 1s);
  EXPECT_EQ(refused.answer->page.error().what,
            "2 scrapes of this target are in progress, the limit of max_concurrent_scrapes");
  EXPECT_TRUE(patient.answer->page);
}

TEST_F(TargetTest, LetsThoseWhoWaitForAPlaceShareTheNextRun) {
  simulated.config.hold_back = 128 << 10;
  simulated.config.max_concurrent_scrapes = 1;
  grows(20, 100ms);
  simulated.open();
  simulated.scrape(30s);
  simulated.pass(1s);
  stalls(100ms);
  for (int i = 0; i < 10; ++i) simulated.scrape(30s);
  simulated.finish();
  for (std::size_t i = 1; i < 11; ++i) EXPECT_TRUE(simulated.scrapers[i]->hasPage());
  EXPECT_EQ(asked(), 2);
}

TEST_F(TargetTest, AStreamWhoseScraperReadsSlowlyGivesWayToTheNextScrape) {
  struct Case {
    std::chrono::milliseconds waited;
    bool gives_way;
  };
  simulated.config.hold_back = 128 << 10;
  simulated.config.max_concurrent_scrapes = 1;
  for (const auto& [waited, gives_way] :
       {Case{0ms, false}, Case{249ms, false}, Case{250ms, true}, Case{9s, true}}) {
    SCOPED_TRACE(waited.count());
    grows(20, 1ms);
    simulated.open();
    auto& slow = simulated.scrape(20s);
    slow.stream.hangs = true;
    slow.stream.waits = waited;
    simulated.pass(10ms);
    EXPECT_FALSE(slow.answer);
    stalls(0ms);
    const auto& next = simulated.scrape(gives_way ? 10s : 1s);
    simulated.pass(5s);
    EXPECT_EQ(next.hasPage(), gives_way);
    if (!gives_way) {
      EXPECT_EQ(next.fault(), Fault::Busy);
      slow.stream.leave();
    }
    simulated.finish();
    EXPECT_TRUE(slow.answer->streamed);
    EXPECT_FALSE(slow.answer->page);
    EXPECT_EQ(slow.stream.disconnects, gives_way ? 1 : 0);
    const auto fault = simulated.stats->counts().fault;
    EXPECT_TRUE(!fault || fault->fault == Fault::Busy)
        << "a scraper's fault says nothing about the target";
  }
}

TEST_F(TargetTest, ServesARecentPageWhenConfigured) {
  simulated.config.share_for = 2s;
  simulated.open();
  EXPECT_TRUE(simulated.scrapeNow().hasPage());
  simulated.pass(2s);
  EXPECT_TRUE(simulated.scrapeNow().hasPage());
  EXPECT_EQ(asked(), 1);
  simulated.pass(1s);
  EXPECT_TRUE(simulated.scrapeNow().hasPage());
  EXPECT_EQ(asked(), 1);
}

TEST_F(TargetTest, MergesPagesThatAreFetchedSideBySide) {
  simulated.config.pages = {SimulatedTarget::page("/one"), SimulatedTarget::page("/two")};
  simulated.config.append_self = true;
  simulated.service = [](const upstream::Request& request) -> Result<Answer> {
    Answer answer{200, request.path == "/one" ? "one 1\n" : "two 2\n"};
    answer.after = 1s;
    return answer;
  };
  simulated.open();
  const auto began = loop.now();
  const auto& scraper = simulated.scrapeNow();
  EXPECT_EQ(scraper.answered_at - began, 1s);
  ASSERT_TRUE(scraper.hasPage());
  EXPECT_THAT(scraper.page(), HasSubstr("one 1\n"));
  EXPECT_THAT(scraper.page(), HasSubstr("two 2\n"));
  EXPECT_THAT(scraper.page(), HasSubstr("# TYPE own gauge\nown 1\n"));
  EXPECT_THAT(scraper.page(), HasSubstr("postern_page_up{target=\"t\",page=\"/two\"} 1\n"));
}

TEST_F(TargetTest, APageWithATimeoutOfItsOwnFailsAlone) {
  simulated.config.pages = {SimulatedTarget::page("/one"), SimulatedTarget::page("/two")};
  simulated.config.pages[1].required = false;
  simulated.config.pages[1].timeout = 500ms;
  simulated.service = [](const upstream::Request& request) -> Result<Answer> {
    Answer answer{200, "a 1\n"};
    answer.hangs = request.path == "/two";
    return answer;
  };
  simulated.open();
  const auto began = loop.now();
  const auto& scraper = simulated.scrapeNow();
  EXPECT_EQ(scraper.answered_at - began, 500ms);
  ASSERT_TRUE(scraper.hasPage());
  EXPECT_THAT(scraper.page(), HasSubstr("page=\"/two\"} 0\n"));
  EXPECT_EQ(simulated.stats->counts().pages[1]->fault, Fault::Timeout);
}

TEST_F(TargetTest, HoldsNoMoreThanTheMergeLimit) {
  simulated.config.pages = {SimulatedTarget::page("/one"), SimulatedTarget::page("/two")};
  simulated.config.merge_limit = 3 * 65'500;
  grows(2, 10ms);
  simulated.open();
  const auto& scraper = simulated.scrapeNow();
  EXPECT_EQ(scraper.fault(), Fault::Limit);
  EXPECT_THAT(scraper.answer->page.error().what, HasSubstr("merge_limit of 196500"));
  EXPECT_EQ(simulated.http->inFlight(), 0);
}

TEST_F(TargetTest, SaysAfterA401WhetherTheCredentialMayBeWrong) {
  simulated.service = [](const upstream::Request&) -> Result<Answer> { return Answer{401, ""}; };
  simulated.open();
  EXPECT_THAT(simulated.scrapeNow().answer->page.error().remedy,
              HasSubstr("let the account read this page"));

  auto& file = simulated.config.credentials.emplace().file.emplace();
  file.username = "joe";
  file.password = Secret("wrong");
  simulated.open();
  const auto& scraper = simulated.scrapeNow();
  EXPECT_EQ(scraper.fault(), Fault::LoginRejected);
  EXPECT_THAT(scraper.answer->page.error().remedy, HasSubstr("correct the credential if it is"));
}

TEST_F(TargetTest, KeepsAnExpensivePageForItsInterval) {
  simulated.config.pages = {SimulatedTarget::page("/one"), SimulatedTarget::page("/two")};
  simulated.config.pages[1].min_interval = 5min;
  simulated.config.pages[1].required = false;
  simulated.service = [](const upstream::Request& request) -> Result<Answer> {
    return Answer{200, request.path == "/one" ? "one 1\n" : "two 2\n"};
  };
  simulated.open();
  for (int i = 0; i < 5; ++i) EXPECT_THAT(simulated.scrapeNow().page(), HasSubstr("two 2\n"));
  EXPECT_EQ(asked(), 6);
  EXPECT_TRUE(simulated.stats->counts().fetch_infos[1].kept);
  simulated.service = [](const upstream::Request& request) -> Result<Answer> {
    return Answer{request.path == "/one" ? 200 : 500, "one 1\n"};
  };
  simulated.pass(6min);
  const auto& scraper = simulated.scrapeNow();
  EXPECT_EQ(scraper.page().find("two 2"), std::string::npos) << "an old value is not a value";
  EXPECT_THAT(scraper.page(), HasSubstr("page=\"/two\"} 0\n"));
}

// Blocks that arrive at once must not occupy the loop: it also answers probes.
TEST_F(TargetTest, LetsOthersHaveTheirTurnWhileALargePageIsRead) {
  simulated.config.hold_back = 64 << 20;
  grows(200, 0ms);
  simulated.open();
  // Each look at the clock takes 0.1 ms in this test's time.
  loop.fakeClock().tickEachLook(100us);
  auto& scraper = simulated.scrape();
  int turns = 0;
  while (!scraper.answer) {
    simulated.pass(0ms);
    ++turns;
  }
  EXPECT_GE(turns, 20);
}

struct Order {
  const char* name;
  std::chrono::milliseconds service;        // takes for the head
  std::chrono::milliseconds first, second;  // deadlines of two scrapers
  std::chrono::milliseconds apart;          // between them
};

// Whatever event is first in a turn of the loop, each scraper gets its own answer, no slot is lost
// and no state remains.
TEST(TargetOrderTest, EveryOrderOfEventsInOneTurnEndsWell) {
  const Order cases[] = {
      {"the head comes at the first one's deadline", 100ms, 100ms, 10s, 0ms},
      {"at the first one's patience", 125ms, 100ms, 10s, 0ms},
      {"both leave together", 1s, 100ms, 100ms, 0ms},
      {"the second comes with the head", 100ms, 10s, 10s, 100ms},
      {"the second comes when the first leaves", 1s, 100ms, 10s, 125ms},
  };
  for (const auto& each : cases) {
    for (const std::size_t blocks : {1U, 8U}) {
      SCOPED_TRACE(each.name);
      const int orders = testing::inEveryOrder([&](testing::SimulatedLoop& loop) {
        SimulatedTarget simulated(loop);
        simulated.config.hold_back = 128 << 10;
        simulated.config.max_concurrent_scrapes = 2;
        simulated.service = [&](const upstream::Request&) -> Result<Answer> {
          Answer answer;
          answer.more_blocks.assign(blocks, largeBlock());
          answer.after = each.service;
          return answer;
        };
        simulated.open();
        const auto& first = simulated.scrape(each.first);
        if (each.apart.count() > 0) simulated.pass(each.apart);
        const auto& second = simulated.scrape(each.second);
        simulated.finish();
        for (const auto* scraper : {&first, &second}) {
          ASSERT_TRUE(scraper->answer);
          const bool good =
              scraper->answer->page && (scraper->hasPage() || scraper->answer->streamed);
          EXPECT_TRUE(good || scraper->fault() == Fault::Timeout);
          if (scraper->answer->streamed && good) {
            EXPECT_EQ(scraper->stream.text.size(), blocks * 65'500);
          }
        }
        EXPECT_EQ(simulated.http->inFlight(), 0);
        EXPECT_TRUE(simulated.scrapeNow().answer->page) << "no slot is lost";
      });
      EXPECT_GE(orders, 1);
    }
  }
}

// The scraper's connection ends, or the target is destroyed, at every point where they wait.
TEST(TargetCancelTest, EndsAtEachWait) {
  for (auto at = 0ms; at <= 400ms; at += 50ms) {
    for (const bool cancels : {true, false}) {
      SCOPED_TRACE(at.count());
      testing::SimulatedLoop loop;
      SimulatedTarget simulated(loop);
      simulated.config.hold_back = 128 << 10;
      simulated.service = [](const upstream::Request&) -> Result<Answer> {
        Answer answer;
        answer.more_blocks.assign(4, largeBlock());
        answer.after = 100ms;
        answer.block_after = 50ms;
        return answer;
      };
      simulated.open();
      auto& scraper = simulated.scrape();
      simulated.scrape();
      simulated.pass(at);
      if (cancels) {
        scraper.connection.cancel();
        simulated.finish();
        EXPECT_TRUE(scraper.answer);
        EXPECT_EQ(simulated.http->inFlight(), 0);
      } else {
        simulated.scrapes.reset();
        simulated.target.reset();
      }
    }
  }
}

}  // namespace
}  // namespace postern::scrape
