#include "scrape/held_pages.h"

#include <gmock/gmock.h>

#include "unit/scrape/target_fixture.h"

namespace postern::scrape {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Answer = FakeHttpClient::Answer;

TEST(HeldPagesTest, MergesPagesInTheirOrderWhicheverComesFirst) {
  testing::SimulatedLoop loop;
  SimulatedTarget simulated(loop);
  simulated.config.pages.clear();
  std::string expected;
  for (int i = 10; i < 50; ++i) {  // more than are fetched at a time
    const auto path = "/" + std::to_string(i);
    simulated.config.pages.push_back(SimulatedTarget::page(path));
    expected += "a{page=\"" + path + "\"} 1\n";
  }
  simulated.service = [](const upstream::Request& request) -> Result<Answer> {
    Answer answer{200, "a{page=\"" + request.path + "\"} 1\n"};
    answer.after = 10ms * (50 - std::stoi(request.path.substr(1)));
    return answer;
  };
  simulated.open();
  const auto& scraper = simulated.scrapeNow();
  ASSERT_TRUE(scraper.hasPage());
  EXPECT_THAT(scraper.page(), StartsWith(expected));
  EXPECT_EQ(simulated.stats->counts().samples, 40U);
}

TEST(HeldPagesTest, KeepsTheOrderAroundALargePage) {
  testing::SimulatedLoop loop;
  SimulatedTarget simulated(loop);
  simulated.config.pages = {SimulatedTarget::page("/first"), SimulatedTarget::page("/large"),
                            SimulatedTarget::page("/last")};
  simulated.service = [](const upstream::Request& request) -> Result<Answer> {
    Answer answer{200, "m{page=\"" + request.path + "\"} 1\n"};
    if (request.path == "/large") answer.more_blocks.assign(6, largeBlock());
    return answer;
  };
  simulated.open();
  const auto& scraper = simulated.scrapeNow();
  ASSERT_TRUE(scraper.hasPage());
  const auto& page = scraper.page();
  EXPECT_THAT(page, StartsWith("m{page=\"/first\"} 1\nm{page=\"/large\"} 1\nm{n=\"0\""));
  EXPECT_THAT(page, HasSubstr("\"} 12\nm{page=\"/last\"} 1\n"));
}

TEST(HeldPagesTest, LeavesAFailedPageOutOfThoseThatAreMergedAsTheyCome) {
  testing::SimulatedLoop loop;
  SimulatedTarget simulated(loop);
  simulated.config.pages = {SimulatedTarget::page("/one"), SimulatedTarget::page("/two"),
                            SimulatedTarget::page("/three")};
  simulated.config.pages[1].required = false;
  simulated.service = [](const upstream::Request& request) -> Result<Answer> {
    if (request.path == "/two") return Answer{200, "a{page=\"/two\"} 1\nno page\n"};
    return Answer{200, "a{page=\"" + request.path + "\"} 1\n"};
  };
  simulated.open();
  const auto& scraper = simulated.scrapeNow();
  ASSERT_TRUE(scraper.hasPage());
  EXPECT_THAT(scraper.page(), StartsWith("a{page=\"/one\"} 1\na{page=\"/three\"} 1\n"));
  EXPECT_EQ(simulated.stats->counts().pages[1]->fault, Fault::Format);
}

}  // namespace
}  // namespace postern::scrape
