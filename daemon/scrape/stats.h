#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "exposition/detect.h"
#include "exposition/page_filter.h"
#include "exposition/whatsapp_health.h"
#include "upstream/http_client.h"

namespace postern::scrape {

// Upper bounds in seconds of postern_scrape_duration_seconds; +Inf comes on top.
inline constexpr std::array<double, 12> kDurationBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                           0.1,   0.25,   0.5,   1,    2.5,   10};

struct Histogram {
  std::array<std::uint64_t, kDurationBounds.size() + 1> buckets{};  // not cumulative
  double sum = 0;                                                   // seconds
  std::uint64_t count = 0;

  void observe(double seconds);
};

// How one page was fetched when it was last asked for.
struct PageStory {
  int status = 0;                                    // 0: nothing was answered
  std::optional<exposition::Format> format;          // none: not known
  std::size_t bytes = 0;                             // of the body, after decompression
  std::string content_type;                          // of a 200, as the service wrote it
  exposition::PageCounts counts;                     // of its samples
  std::optional<upstream::TransportInfo> transport;  // none: nothing was sent
  double seconds = 0;  // from the request, or the login before it, to the last line
  bool kept = false;   // not fetched: the last good one is not as old as min_interval
  // What the service says of itself, of a page that tells it; null: the page failed, or does not.
  std::shared_ptr<const exposition::Health> health;
  SystemTime health_at;  // when that page was read
};

// What the service says of its own health on the pages of one scrape. NotTold: no page is one that
// tells it; Unknown: such a page failed, and no other says Unhealthy.
enum class ServiceHealth { NotTold, Healthy, Unhealthy, Unknown };

// What is known of one target's scrapes.
struct Counts {
  std::uint64_t scrapes = 0;
  std::array<std::uint64_t, kFaults.size()> failures{};
  Histogram durations;
  std::uint64_t shared = 0;
  std::size_t page_bytes = 0;  // of the last good page
  std::size_t samples = 0;
  exposition::PageCounts all;        // of all good pages
  exposition::PageCounts last;       // of the last good page
  std::uint64_t checks_skipped = 0;  // good pages that were too large to look for duplicates
  std::uint64_t type_clashes = 0;
  bool scraped = false;        // some scrape has ended
  std::optional<Error> fault;  // of the last scrape
  // When the state began: good, this fault, or what the service says of its health.
  SystemTime since;
  std::vector<std::optional<Error>> pages;  // of the last scrape: why each failed, none: it is good
  std::vector<PageStory> stories;           // of the last scrape, by page
  ServiceHealth health = ServiceHealth::NotTold;  // of the last scrape
};

// One scraper's answer.
struct LastScrape {
  SystemTime at;               // when it was answered
  double seconds = 0;          // that it took
  std::optional<Fault> fault;  // none: it got its page
};

// The counts of one target, kept over a reload. Thread-safe.
class Stats {
 public:
  explicit Stats(std::string target) : target_(std::move(target)) {}

  static constexpr std::size_t kRemembered = 60;

  // One scraper was answered.
  void answered(const std::optional<Fault>& fault, double seconds, bool shared, SystemTime now);
  // The pages were fetched, or not: what the target's state is by. Logs when the state changes, and
  // once an hour while a fault lasts.
  struct Fetched {
    std::optional<Error> error;
    std::size_t bytes = 0;
    std::size_t samples = 0;
    exposition::PageCounts counts;
    std::size_t type_clashes = 0;
    std::vector<std::optional<Error>> pages;
    std::vector<PageStory> stories;
  };
  // `names` are those of the target's pages.
  void fetched(Fetched fetched, const std::vector<std::string>& names, SystemTime now);

  // A scrape ended without its pages: it found no place, or left before they were there.
  void leftWithout(const Error& error, SystemTime now);

  Counts counts() const;
  // The last kRemembered of them at most, the oldest first.
  std::vector<LastScrape> lastScrapes() const;

 private:
  void enterState(std::optional<Error> fault, ServiceHealth health, SystemTime now)
      REQUIRES(mutex_);
  void logPages(const std::vector<std::optional<Error>>& before,
                const std::vector<std::string>& names) const REQUIRES(mutex_);
  void logState(const std::optional<Error>& before, SystemTime now) REQUIRES(mutex_);
  void logHealth(ServiceHealth before) const REQUIRES(mutex_);

  const std::string target_;
  mutable Mutex mutex_;
  Counts counts_ GUARDED_BY(mutex_);
  // A ring: the scrape that was number n is at n % kRemembered.
  std::vector<LastScrape> last_ GUARDED_BY(mutex_);
  std::uint64_t failing_ GUARDED_BY(mutex_) = 0;
  SystemTime last_logged_ GUARDED_BY(mutex_);
};

}  // namespace postern::scrape
