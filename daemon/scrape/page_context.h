#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/event.h"
#include "async/job_runner.h"
#include "async/loop.h"
#include "exposition/families.h"
#include "exposition/page_input.h"
#include "exposition/page_template.h"
#include "scrape/reshapers.h"
#include "scrape/stats.h"
#include "scrape/target_client.h"

namespace postern::scrape {

// What the pages of one target are read with. Jobs on other threads share it with the loop, and may
// outlive the target.
struct PageContext {
  explicit PageContext(config::Target of) : target(std::move(of)), reshapers(target.reshape) {}

  exposition::PageOptions optionsFor(const Reshapers::Lease& reshaper) const {
    return {target.limits, target.honor_timestamps, target.strict, reshaper.get()};
  }

  const config::Target target;
  Reshapers reshapers;
  exposition::PageTemplateStore templates;  // of the first page
};

// The last good answer of a page with min_interval.
struct KeptPage {
  std::optional<exposition::Families> families;
  SteadyTime fetched;
  PageStory story;
};

// What append_self puts into a page: own metrics but postern_page_up. Called on the loop.
using SelfMetrics = std::function<std::string()>;

// What the runs of one target share, on its loop. Outlives them.
struct RunContext {
  const std::shared_ptr<TargetClient> client;
  const std::shared_ptr<PageContext> pages;
  async::Loop& loop;
  async::JobRunner& runner;
  const SelfMetrics self_metrics;
  std::vector<KeptPage> kept;  // by page
  async::Gate merging{1};      // entered while pages are merged, which takes their memory twice
};

using PageText = std::shared_ptr<const std::string>;

// What came of one run over the pages of a target.
struct ScrapeResult {
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

// The format that the configuration gives the page; none: it shows.
std::optional<exposition::Format> formatOf(const config::Page& page);
bool isJson(const std::optional<exposition::Format>& format);

// Bytes of pages that are not read, or merged, on the loop at once: it takes a millisecond or more.
inline constexpr std::size_t kLongToRead = 256U << 10;
// Whether a task that has not waited since then has to let others have their turn.
bool longTurn(const async::Loop& loop, SteadyTime since);
double secondsSince(const async::Loop& loop, SteadyTime began);

// Makes the error of a page a rejected login when the refusal (PageFetch::refused()) is one.
void judgeRefusal(TargetClient& client, std::uint64_t refused, Error& error);

}  // namespace postern::scrape
