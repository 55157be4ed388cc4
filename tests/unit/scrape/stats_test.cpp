#include "scrape/stats.h"

#include <gtest/gtest.h>
#include "presets/whatsapp/product.h"

namespace postern::scrape {
namespace {

using namespace std::chrono_literals;

const SystemTime kStart{1'800'000'000s};

Stats::FetchSummary failed(Fault fault) {
  Stats::FetchSummary fetched;
  fetched.error = Error{fault, "made to fail", "", {}};
  fetched.pages = {fetched.error};
  return fetched;
}

Stats::FetchSummary good(std::size_t samples) {
  Stats::FetchSummary fetched;
  fetched.bytes = 100 * samples;
  fetched.samples = samples;
  fetched.pages = {std::nullopt};
  return fetched;
}

TEST(StatsTest, RemembersSinceWhenAFaultLasts) {
  Stats stats("t");
  stats.fetched(good(3), {"/metrics"}, kStart);
  stats.fetched(failed(Fault::Connect), {"/metrics"}, kStart + 10s);
  stats.fetched(failed(Fault::Connect), {"/metrics"}, kStart + 20s);
  EXPECT_EQ(stats.counts().since, kStart + 10s);
  stats.fetched(failed(Fault::Tls), {"/metrics"}, kStart + 30s);
  EXPECT_EQ(stats.counts().since, kStart + 30s);
  EXPECT_EQ(stats.counts().samples, 3U) << "of the last successful page";
  stats.fetched(good(4), {"/metrics"}, kStart + 40s);
  EXPECT_EQ(stats.counts().since, kStart + 40s);
  EXPECT_FALSE(stats.counts().fault);
  EXPECT_EQ(stats.counts().page_bytes, 400U);
}

TEST(StatsTest, CountsAnswersByFault) {
  Stats stats("t");
  stats.answered(std::nullopt, 0.003, false, kStart);
  stats.answered(Fault::Timeout, 9, false, kStart + 1s);
  stats.answered(Fault::Timeout, 11, true, kStart + 2s);
  const auto counts = stats.counts();
  EXPECT_EQ(counts.scrapes, 3U);
  EXPECT_EQ(counts.failures[static_cast<std::size_t>(Fault::Timeout)], 2U);
  EXPECT_EQ(counts.shared, 1U);
  EXPECT_EQ(counts.durations.count, 3U);
}

TEST(StatsTest, RemembersTheLastSixtyAnswers) {
  Stats stats("t");
  EXPECT_TRUE(stats.lastScrapes().empty());
  const auto answer = [&](int number) {
    stats.answered(number % 2 == 0 ? std::nullopt : std::optional(Fault::Connect), number, false,
                   kStart + std::chrono::seconds(number));
  };
  for (int number = 0; number < 59; ++number) answer(number);
  EXPECT_EQ(stats.lastScrapes().size(), 59U);
  for (int number = 59; number < 75; ++number) answer(number);
  const auto scrapes = stats.lastScrapes();
  ASSERT_EQ(scrapes.size(), 60U);
  EXPECT_EQ(scrapes.front().at, kStart + 15s);
  EXPECT_EQ(scrapes.front().fault, Fault::Connect);
  EXPECT_EQ(scrapes.back().seconds, 74);
  EXPECT_FALSE(scrapes.back().fault);
}

// A scrape of two pages; the second one contains the health of the service.
Stats::FetchSummary withHealth(std::optional<bool> healthy) {
  auto fetched = good(3);
  fetched.pages.emplace_back();
  fetched.fetch_infos.resize(2);
  fetched.fetch_infos[1].format = presets::whatsapp::kHealthFormat;
  if (healthy) {
    auto health = std::make_shared<exposition::Health>();
    health->healthy = *healthy;
    fetched.fetch_infos[1].health = health;
  } else {
    fetched.pages[1] = Error{Fault::Timeout, "made to fail", "", {}};
  }
  return fetched;
}

TEST(StatsTest, KnowsTheServicesHealthOfTheLastScrapeAlone) {
  const std::vector<std::string> names = {"/metrics", "/v1/health"};
  Stats stats("t");
  EXPECT_EQ(stats.counts().health, ServiceHealth::NotReported);
  stats.fetched(withHealth(false), names, kStart);
  EXPECT_EQ(stats.counts().health, ServiceHealth::Unhealthy);
  EXPECT_EQ(stats.counts().since, kStart);
  stats.fetched(withHealth(false), names, kStart + 1s);
  EXPECT_EQ(stats.counts().since, kStart);
  stats.fetched(withHealth(true), names, kStart + 2s);
  EXPECT_EQ(stats.counts().health, ServiceHealth::Healthy);
  EXPECT_EQ(stats.counts().since, kStart + 2s);
  stats.fetched(withHealth(std::nullopt), names, kStart + 3s);
  EXPECT_EQ(stats.counts().health, ServiceHealth::Unknown);
  EXPECT_EQ(stats.counts().since, kStart + 3s);
  stats.leftWithout({Fault::Busy, "made to fail", "", {}}, kStart + 4s);
  EXPECT_EQ(stats.counts().health, ServiceHealth::Unknown) << "no page was fetched";
  stats.fetched(good(3), {"/metrics"}, kStart + 5s);
  EXPECT_EQ(stats.counts().health, ServiceHealth::NotReported) << "after a reload without the page";
}

TEST(HistogramTest, PutsABoundIntoItsOwnBucket) {
  Histogram histogram;
  for (const double seconds : {0.001, 0.0011, 10.0, 10.1}) histogram.observe(seconds);
  EXPECT_EQ(histogram.buckets.front(), 1U);
  EXPECT_EQ(histogram.buckets[1], 1U);
  EXPECT_EQ(histogram.buckets[kDurationBounds.size() - 1], 1U);
  EXPECT_EQ(histogram.buckets.back(), 1U);
}

}  // namespace
}  // namespace postern::scrape
