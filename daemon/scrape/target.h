#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scrape/flight.h"
#include "scrape/stats.h"

namespace postern::scrape {

// One guarded service: answers scrapes with its page.
//
// Scrapes that overlap and want the same form share one flight, which runs until the latest
// deadline among them; each leaves at its own. A page that streams is fetched on the thread of the
// scraper that came first (the pilot), which saves two hand-overs between threads; should its
// deadline pass, one of the others answers for it. When the page outgrows the hold-back the first
// scraper streams it and the others start flights of their own, at most max_concurrent_scrapes at a
// time; one that finds no place by its deadline gets `busy`. A stream whose scraper reads slowly
// gives way to a scrape that waits for a place. Thread-safe; shared, because flights keep it alive.
class Target : public std::enable_shared_from_this<Target> {
 public:
  struct Answer {
    Result<PageText> page;  // null when it streamed
    bool streamed = false;  // bytes have been written, also when `page` is an error
  };

  // `workers` and `clock` must outlive the target.
  Target(config::Target config, std::shared_ptr<Door> door, std::shared_ptr<Stats> stats,
         async::ThreadPool& workers, const Clock& clock, std::function<std::string()> self_page);

  // Takes the answer of a scraper whose deadline has passed while its thread flies for others.
  using LeaveEarly = std::function<void(const Answer&)>;
  // Blocks until the page is there, or has been written to `stream` on some thread, or the
  // deadline has passed. Errors: every fault but UnknownTarget. When `leave_early` was called, on
  // another thread, the scraper has its answer, and what is returned later is the same.
  Answer scrape(SteadyTime deadline, const exposition::Output& output, const Stream& stream,
                const LeaveEarly& leave_early);

  const config::Target& config() const { return config_; }
  const std::shared_ptr<Door>& door() const { return door_; }
  const std::shared_ptr<Stats>& stats() const { return stats_; }
  const Clock& clock() const { return clock_; }

 private:
  enum class Seat { Waiting, Streams, Outgrown, Left };
  struct Waiter {
    const Stream& stream;
    const LeaveEarly& leave_early;
    SteadyTime deadline;
    exposition::Output output;
    Seat seat = Seat::Waiting;
  };
  struct Run;  // a flight and who waits for it
  using Lock = std::unique_lock<std::mutex>;

  Answer wait(Lock& lock, Waiter& self, bool& shared);
  std::optional<Answer> ride(Lock& lock, const std::shared_ptr<Run>& run, Waiter& self);
  bool waitForPlace(Lock& lock, SteadyTime deadline, SteadyTime& patient_until);
  void disconnectSlowest();
  void launch(Lock& lock, Run& run, Waiter& self);
  void sendPilotAway(Lock& lock, Run& run);
  std::shared_ptr<Run> start(const exposition::Output& output, SteadyTime deadline);
  std::shared_ptr<Run> joinable(const exposition::Output& output) const;
  void close(const Run& run);
  const Stream* outgrown(Run& run);
  void done(Run& run, Flight::Landing landing);
  Answer leave(Error error);
  PageText recent(const exposition::Output& output) const;

  const config::Target config_;
  const std::shared_ptr<Door> door_;
  const std::shared_ptr<Stats> stats_;
  async::ThreadPool& workers_;
  const Clock& clock_;
  const std::function<std::string()> self_page_;
  const std::vector<std::string> page_names_;
  std::vector<KeptPage> kept_;
  Reshapers reshapers_;
  exposition::PageTemplateStore templates_;
  std::mutex uniting_;

  std::mutex mutex_;
  std::condition_variable place_free_;
  // At most one of each form. Guarded by mutex_, as is what follows.
  std::vector<std::shared_ptr<Run>> joinable_;
  std::vector<Run*> streaming_;
  int running_ = 0;
  PageText last_page_;  // for share_for, as is what follows
  exposition::Output last_output_;
  SteadyTime last_fetched_;
};

}  // namespace postern::scrape
