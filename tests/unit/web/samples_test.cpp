#include "web/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "async/group.h"
#include "exposition/page_reader.h"
#include "fakes/fake_http_client.h"
#include "fakes/inline_runner.h"
#include "fakes/simulated_loop.h"

namespace postern::web {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

SampleTable read(const std::string& page) {
  SampleTable table;
  exposition::PageReader reader(exposition::Syntax::Text, {}, table);
  EXPECT_TRUE(reader.feed(page));
  EXPECT_TRUE(reader.finish());
  table.finish();
  return table;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(SampleTableTest, PutsTheSamplesOfAFamilyTogether) {
  const auto table = read(
      "# HELP h A histogram.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n"
      "# TYPE g gauge\ng 1.50 1700000000000\nbare 7\n");
  EXPECT_EQ(table.samples(), 5U);
  EXPECT_EQ(count(table.rows(), "<tbody>"), 3U);
  EXPECT_EQ(count(table.rows(), "</tbody>"), 3U);
  EXPECT_THAT(table.rows(), AllOf(HasSubstr("A histogram."), HasSubstr("histogram</span>"),
                                  HasSubstr("le=&quot;<b>+Inf</b>&quot;}")));
  EXPECT_THAT(table.rows(), AllOf(HasSubstr("1.50"), HasSubstr("@1700000000000"))) << "unchanged";
}

TEST(SampleTableTest, LetsNoMarkupThrough) {
  const auto table =
      read("# HELP a <script>x</script>\n# TYPE a gauge\na{b=\"\\\"><img src=x>\"} 1\n");
  EXPECT_THAT(table.rows(), AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")),
                                  HasSubstr("&lt;img src=x&gt;")));
}

TEST(SampleTableTest, CutsWhatIsTooMuchAndStillCountsIt) {
  std::string page;
  for (std::size_t i = 0; i < SampleTable::kMostSamples + 5; ++i)
    page += "a{n=\"" + std::to_string(i) + "\"} 1\n";
  const auto many = read(page);
  EXPECT_EQ(many.samples(), SampleTable::kMostSamples + 5);
  EXPECT_EQ(many.shown(), SampleTable::kMostSamples);

  page.clear();
  const std::string wide(50'000, 'x');
  for (int i = 0; i < 60; ++i) page += "a{n=\"" + std::to_string(i) + wide + "\"} 1\n";
  const auto large = read(page);
  EXPECT_EQ(large.samples(), 60U);
  EXPECT_LT(large.shown(), 60U);
  EXPECT_LT(large.rows().size(), SampleTable::kMostBytes + 2 * wide.size());
}

// A target whose page is read for the table while other tasks of its loop are ready.
class SamplesPageTest : public ::testing::Test {
 protected:
  static std::string largePage() {
    const std::string wide(4000, 'x');
    std::string page;
    for (int i = 0; page.size() < 300'000; ++i)
      page += "a{n=\"" + std::to_string(i) + wide + "\"} 1\n";
    return page;
  }
  http::Reply ask(const std::string& page) {
    config::Target config;
    config.name = "t";
    config.url = {"localhost", 1, ""};
    config.pages = {config::Page{"/metrics", config::Format::Text, {}, true, {}, {}}};
    const scrape::TargetClient::ClientParts parts{resolver, loop, runner};
    auto fake = std::make_unique<testing::FakeHttpClient>([&](const upstream::Request&) {
      return testing::FakeHttpClient::Answer{.body = page,
                                             .headers = {{"content-type", "text/plain"}}};
    });
    const auto client =
        std::make_shared<scrape::TargetClient>(config, "", parts, drawUniform, std::move(fake));
    const auto target =
        std::make_shared<scrape::Target>(config, client, std::make_shared<scrape::Stats>("t"), loop,
                                         runner, [] { return std::string(); });
    return loop.run(show(*target));
  }
  async::Task<http::Reply> show(scrape::Target& target) {
    async::Scope connection(loop);
    async::Scope ticking(loop);
    async::Group others;
    others.add(tick(connection, ticking));
    const http::Request request{"GET", "/metrics/t/display", "", {}};
    const std::chrono::milliseconds offset{500};
    auto reply = co_await samplesPage(target, request, offset, connection);
    ticking.cancel();
    co_await others.join(whole);
    co_return reply;
  }
  async::Task<> tick(async::Scope& connection, async::Scope& ticking) {
    bool turned = true;
    while (turned) {
      if (++turns == leaves_at) connection.cancel();
      turned = co_await loop.turn(ticking);
    }
  }

  testing::SimulatedLoop loop;
  testing::InlineRunner runner;
  upstream::Resolver resolver;
  async::Scope whole{loop};
  int turns = 0;
  int leaves_at = -1;  // the turn in which the client's connection ends
};

TEST_F(SamplesPageTest, LetsOthersHaveTheirTurnWhileItReadsALargePage) {
  const auto small = ask("a 1\n");
  EXPECT_THAT(small.body, HasSubstr("1 samples"));
  const int turns_of_small = std::exchange(turns, 0);

  const auto large = ask(largePage());

  EXPECT_EQ(large.head.status, 200);
  EXPECT_EQ(count(large.body, "<tr><td>"), 75U);
  EXPECT_GE(turns, turns_of_small + 4) << "a step is 64 KiB";
}

TEST_F(SamplesPageTest, EndsInWhicheverTurnTheClientLeaves) {
  const auto page = largePage();
  bool left = true;
  for (leaves_at = 1; left && leaves_at < 100; ++leaves_at) {
    turns = 0;
    ask(page);
    left = turns >= leaves_at;
    EXPECT_TRUE(left ? turns <= leaves_at + 1 : leaves_at > 4) << "turn " << leaves_at;
  }
  EXPECT_FALSE(left);
}

}  // namespace
}  // namespace postern::web
