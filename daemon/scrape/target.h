#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "scrape/flight.h"
#include "scrape/stats.h"

namespace postern::scrape {

// One guarded service: answers scrapes with its page.
//
// Scrapes that overlap share one flight, which runs until the latest deadline among them; each
// leaves at its own. When the page outgrows the hold-back the first scraper streams
// it and the others start flights of their own, at most max_concurrent_scrapes at a time; one that
// finds no place by its deadline is told `busy`. Thread-safe; shared, because flights keep it
// alive.
class Target : public std::enable_shared_from_this<Target> {
 public:
  struct Answer {
    Result<PageText> page;  // null when it streamed
    bool streamed = false;  // bytes have been written, also when `page` is an error
  };

  // `workers` and `clock` must outlive the target.
  Target(config::Target config, std::shared_ptr<Door> door, std::shared_ptr<Stats> stats,
         Workers& workers, const Clock& clock, std::function<std::string()> self_page);

  // Blocks until the page is there, or has been written to `stream` on another thread, or the
  // deadline has passed. Errors: every fault but UnknownTarget.
  Answer scrape(SteadyTime deadline, const Stream& stream);

  const config::Target& config() const { return config_; }
  const std::shared_ptr<Door>& door() const { return door_; }
  const std::shared_ptr<Stats>& stats() const { return stats_; }
  const Clock& clock() const { return clock_; }

 private:
  enum class Seat { Waiting, Streams, Outgrown };
  struct Waiter {
    const Stream* stream;
    SteadyTime deadline;
    Seat seat = Seat::Waiting;
  };
  struct Run;  // a flight and who waits for it
  using Lock = std::unique_lock<std::mutex>;

  Answer wait(Lock& lock, SteadyTime deadline, const Stream& stream, bool& shared);
  std::optional<Answer> ride(Lock& lock, const std::shared_ptr<Run>& run, SteadyTime deadline,
                             const Stream& stream);
  std::shared_ptr<Run> start(SteadyTime deadline);
  const Stream* outgrown(Run& run);
  void done(Run& run, Flight::Landing landing);
  Answer leave(Error error);
  PageText recent() const;

  const config::Target config_;
  const std::shared_ptr<Door> door_;
  const std::shared_ptr<Stats> stats_;
  Workers& workers_;
  const Clock& clock_;
  const std::function<std::string()> self_page_;
  const std::vector<std::string> page_names_;
  std::vector<KeptPage> kept_;

  std::mutex mutex_;
  std::condition_variable place_free_;
  std::shared_ptr<Run> joinable_;  // guarded by mutex_, as is what follows
  int running_ = 0;
  PageText last_page_;  // for share_for
  SteadyTime last_fetched_;
};

}  // namespace postern::scrape
