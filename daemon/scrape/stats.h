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
#include "config/format.h"
#include "exposition/converted_page.h"
#include "exposition/page_checker.h"
#include "upstream/http_client.h"

namespace postern::scrape {

// Upper bounds in seconds of postern_scrape_duration_seconds, without +Inf.
inline constexpr std::array<double, 12> kDurationBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                           0.1,   0.25,   0.5,   1,    2.5,   10};

struct Histogram {
  std::array<std::uint64_t, kDurationBounds.size() + 1> buckets{};  // not cumulative
  double sum = 0;                                                   // seconds
  std::uint64_t count = 0;

  void observe(double seconds);
};

// How one page was last fetched.
struct FetchInfo {
  int status = 0;                                    // 0: no answer
  std::optional<config::PageFormat> format;          // not set: unknown
  std::size_t bytes = 0;                             // size of the body after decompression
  std::string content_type;                          // of a 200, in the service's spelling
  exposition::PageCounts counts;                     // of its samples
  std::optional<upstream::TransportInfo> transport;  // not set: nothing was sent
  double seconds = 0;  // from the request, or the login before it, to the last line
  bool kept = false;   // not fetched: the last successful one is younger than min_interval
  // The health that the service reports on this page; null: the page failed, or does not report it.
  std::shared_ptr<const exposition::Health> health;
  SystemTime health_at;  // when that page was read
};

// The service's health on the pages of one scrape. NotReported: no page reports it. Unknown: such a
// page failed, and no other says Unhealthy.
enum class ServiceHealth { NotReported, Healthy, Unhealthy, Unknown };

// The counts of one target's scrapes.
struct ScrapeCounts {
  std::uint64_t scrapes = 0;
  std::array<std::uint64_t, kFaults.size()> failures{};
  Histogram durations;
  std::uint64_t shared = 0;
  std::size_t page_bytes = 0;  // of the last successful page
  std::size_t samples = 0;
  exposition::PageCounts all;        // of all successful pages
  exposition::PageCounts last;       // of the last successful page
  std::uint64_t checks_skipped = 0;  // successful pages that were too large to search for
                                     // duplicates
  std::uint64_t type_clashes = 0;
  bool scraped = false;        // a scrape has ended
  std::optional<Error> fault;  // of the last scrape
  // When the state began: a success, this fault, or the service's health.
  SystemTime since;
  std::vector<std::optional<Error>> pages;            // of the last scrape: errors by page
  std::vector<FetchInfo> fetch_infos;                 // of the last scrape, by page
  ServiceHealth health = ServiceHealth::NotReported;  // of the last scrape
};

// One scraper's answer.
struct LastScrape {
  SystemTime at;               // when it was answered
  double seconds = 0;          // duration
  std::optional<Fault> fault;  // not set: it got its page
};

// The counts of one target, kept across a reload. Thread-safe.
class Stats {
 public:
  explicit Stats(std::string target) : target_(std::move(target)) {}

  static constexpr std::size_t kRemembered = 60;

  // A scraper got its answer.
  void answered(const std::optional<Fault>& fault, double seconds, bool shared, SystemTime now);
  // The pages were fetched, or not, which decides the target's state. Logs when the state changes,
  // and once an hour while a fault lasts.
  struct FetchSummary {
    std::optional<Error> error;
    std::size_t bytes = 0;
    std::size_t samples = 0;
    exposition::PageCounts counts;
    std::size_t type_clashes = 0;
    std::vector<std::optional<Error>> pages;
    std::vector<FetchInfo> fetch_infos;
  };
  // `names` are those of the target's pages.
  void fetched(FetchSummary fetched, const std::vector<std::string>& names, SystemTime now);

  // A scrape ended without its pages: it found no place, or left before they were complete.
  void leftWithout(const Error& error, SystemTime now);

  ScrapeCounts counts() const;
  // At most the last kRemembered ones, the oldest first.
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
  ScrapeCounts counts_ GUARDED_BY(mutex_);
  // A ring buffer: scrape number n is at n % kRemembered.
  std::vector<LastScrape> last_ GUARDED_BY(mutex_);
  std::uint64_t failing_ GUARDED_BY(mutex_) = 0;
  SystemTime last_logged_ GUARDED_BY(mutex_);
};

}  // namespace postern::scrape
