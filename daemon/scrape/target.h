#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/event.h"
#include "async/group.h"
#include "exposition/output.h"
#include "scrape/page_context.h"
#include "scrape/page_stream.h"
#include "scrape/stats.h"

namespace postern::scrape {

// One guarded service: answers scrapes with its page.
//
// Request coalescing (single flight): overlapping scrapes of the same format share one run, which
// lasts until the latest of their deadlines; each leaves at its own. When the page outgrows the
// hold-back, the scraper that came first (the leader) takes over the run and streams it. The others
// start runs of their own, at most max_concurrent_scrapes at a time. A scrape that finds no place
// by its deadline gets `busy`. A stream whose scraper reads slowly gives way to a scrape that waits
// for a place. On its loop, where it is also destroyed.
class Target : public std::enable_shared_from_this<Target> {
 public:
  struct ScrapeAnswer {
    Result<PageText> page;  // null when it streamed
    bool streamed = false;  // bytes were sent, also when `page` is an error
  };

  // `loop`, whose clock the target uses, and `runner`, for blocking or long work, must outlive the
  // target.
  Target(config::Target config, std::shared_ptr<TargetClient> client, std::shared_ptr<Stats> stats,
         async::Loop& loop, async::JobRunner& runner, SelfMetrics self_metrics);
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  // Returns the page, or after all of it was written to `stream`, or the error at `deadline`.
  // `stream`, the connection's scope and the target must outlive the task. The task ends early when
  // that scope ends. Errors: every fault but UnknownTarget.
  async::Task<ScrapeAnswer> scrape(SteadyTime deadline, exposition::Output output,
                                   PageStream& stream, async::Scope& connection);

  // The following functions are thread-safe.
  const config::Target& config() const { return context_.pages->target; }
  const std::shared_ptr<TargetClient>& client() const { return context_.client; }
  const std::shared_ptr<Stats>& stats() const { return stats_; }
  const Clock& clock() const { return context_.loop.clock(); }

 private:
  struct Run;           // one run over the pages, and its waiters
  struct ScrapeWaiter;  // one scrape
  class Joined;
  class Streaming;

  async::Task<ScrapeAnswer> answer(ScrapeWaiter& self, async::Scope& connection);
  async::Task<bool> waitForSlot(ScrapeWaiter& self, async::Scope& connection);
  async::Task<std::optional<ScrapeAnswer>> join(std::shared_ptr<Run> run, ScrapeWaiter& self,
                                                async::Scope& connection);
  async::Task<ScrapeAnswer> stream(std::shared_ptr<Run> run, ScrapeWaiter& self,
                                   async::Scope& connection);
  std::shared_ptr<Run> start(const ScrapeWaiter& first);
  async::Task<> fetchAll(std::shared_ptr<Run> run);
  async::Task<> fetch(Run& run);
  void outgrew(Run& run);
  void complete(Run& run, ScrapeResult result);
  void disconnectSlowest();
  ScrapeAnswer leave(Error error);
  std::shared_ptr<Run> joinable(const exposition::Output& output) const;
  void close(const Run& run);
  PageText recent(const exposition::Output& output) const;

  RunContext context_;
  const std::shared_ptr<Stats> stats_;
  const std::vector<std::string> page_names_;
  int running_ = 0;
  async::Event slot_free_;                      // set for a moment
  std::vector<std::shared_ptr<Run>> joinable_;  // at most one of each format
  std::vector<PageStream*> streaming_;
  PageText last_page_;  // for share_for, like the following members
  exposition::Output last_output_;
  SteadyTime last_fetched_;
  async::Group runs_;
};

}  // namespace postern::scrape
