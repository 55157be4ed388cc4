#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/thread_pool.h"
#include "exposition/families.h"
#include "exposition/page_input.h"
#include "exposition/page_template.h"
#include "scrape/door.h"
#include "scrape/page_fetch.h"
#include "scrape/reshapers.h"
#include "scrape/stats.h"

namespace postern::scrape {

// Takes a block of a page that streams; false when the scraper has gone. The view dies
// with the call.
struct Stream : std::function<bool(std::string_view block)> {
  using function::function;

  // How long it has waited for a slow scraper in all; none: it never waits. Both are thread-safe
  // as long as it lives.
  std::function<std::chrono::milliseconds()> waited;
  // The scraper is cut off: the call that waits for it returns false.
  std::function<void()> disconnect;
};
using PageText = std::shared_ptr<const std::string>;

// The last good answer of a page with min_interval.
struct KeptPage {
  std::mutex mutex;
  std::optional<exposition::Families> families;  // guarded by mutex
  SteadyTime fetched;                            // guarded by mutex
  PageStory story;                               // guarded by mutex
};

// What stays the same for all flights of one target.
struct FlightPlan {
  std::shared_ptr<Door> door;
  const config::Target& target;
  async::ThreadPool& workers;
  const Clock& clock;
  const std::function<std::string()>& self_page;  // own metrics but postern_page_up
  std::vector<KeptPage>& kept;                    // by page
  Reshapers& reshapers;
  exposition::PageTemplateStore& templates;  // of the first page
  std::mutex& uniting;        // held while pages become one, which takes their memory twice
  exposition::Output output;  // the form that the scrapers want
};

// One run over the pages of a target: fetched side by side, checked, united. A target with
// one text page streams once it outgrows the hold-back. Runs on workers' threads.
class Flight : public std::enable_shared_from_this<Flight> {
 public:
  struct Landing {
    PageText page;  // null when it streamed, or failed
    std::optional<Error> error;
    bool scraper_gone = false;  // that is why: it says nothing of the target
    std::size_t bytes = 0;
    std::size_t samples = 0;
    exposition::PageCounts counts;
    std::size_t type_clashes = 0;
    std::vector<std::optional<Error>> pages;  // why each page failed, none: it is good
    std::vector<PageStory> stories;           // by page
  };
  // Both are called on a worker's thread; outgrown() at most once, done() exactly once. outgrown()
  // says who takes the stream, which must stay valid until done(); null: nobody is left.
  struct Hooks {
    std::function<const Stream*()> outgrown;
    std::function<void(Landing)> done;
  };

  Flight(FlightPlan plan, Hooks hooks, SteadyTime deadline);

  void start();
  // Whether it is one page that streams and nothing has to be done before it is asked for.
  bool mayRunHere() const;
  // Instead of start(), on the caller's thread; returns after done().
  void runHere();
  // Goes on until then at least; thread-safe.
  void extend(SteadyTime deadline);
  // Ends by then; thread-safe. For a stream, which has one scraper only.
  void confine(SteadyTime deadline);

 private:
  Deadline deadline() const;
  PageFetch fetchOf(std::size_t page) const;
  void streamOnly();
  void startPages(std::size_t first, std::size_t last);
  void holdPage(std::size_t page);
  Result<exposition::Families> fetchFamilies(std::size_t page);
  exposition::PageOptions optionsFor(const Reshapers::Lease& reshaper) const;
  Result<std::string> jsonToText(std::size_t page, exposition::Format format,
                                 std::string_view json);
  Result<PageText> unite(Landing& landing);
  void judgeRefusals();
  void land();

  const FlightPlan plan_;
  const Hooks hooks_;
  Deadline::Movable deadline_;
  std::atomic<std::size_t> held_bytes_ = 0;  // of all pages, for merge_limit

  bool one_ahead_ = false;  // set before the first job, as is what follows
  bool here_ = false;

  std::mutex mutex_;
  std::size_t open_pages_;  // guarded by mutex_, as is what follows until the last page is in
  std::vector<std::optional<Result<exposition::Families>>> pages_;
  std::vector<std::uint64_t> refused_;  // generations, by page; 0 = none
  std::vector<PageStory> stories_;      // by page
  exposition::PageCounts counts_;
};

}  // namespace postern::scrape
