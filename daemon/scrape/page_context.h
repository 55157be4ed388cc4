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
#include "presets/registry.h"
#include "scrape/relabeler_pool.h"
#include "scrape/stats.h"
#include "scrape/target_client.h"

namespace postern::scrape {

// The parts to read the pages of one target. Jobs on other threads share it with the loop, and may
// outlive the target.
struct PageContext {
  explicit PageContext(config::Target of) : target(std::move(of)), relabelers(target.reshape) {}

  exposition::PageOptions optionsFor(const RelabelerPool::RelabelerLease& relabeler) const {
    return {target.limits, target.honor_timestamps, target.strict, relabeler.get(),
            presets::jsonFormats()};
  }

  const config::Target target;
  RelabelerPool relabelers;
  exposition::PageTemplateStore templates;  // of the first page
};

// The last successful answer of a page with min_interval.
struct KeptPage {
  std::optional<exposition::Families> families;
  SteadyTime fetched;
  FetchInfo fetch_info;
};

// The families that append_self adds to a page: postern's own metrics without postern_page_up.
// Called on the loop.
using SelfMetrics = std::function<std::string()>;

// Shared by the runs of one target, on its loop. Outlives them.
struct RunContext {
  const std::shared_ptr<TargetClient> client;
  const std::shared_ptr<PageContext> pages;
  async::Loop& loop;
  async::JobRunner& runner;
  const SelfMetrics self_metrics;
  std::vector<KeptPage> kept;  // by page
  async::Gate merging{1};      // entered while pages are merged, which needs their memory twice
};

using PageText = std::shared_ptr<const std::string>;

// The result of one run over the pages of a target.
struct ScrapeResult {
  PageText page;  // null when it streamed, or failed
  std::optional<Error> error;
  bool scraper_gone = false;  // the reason of `page`; says nothing about the target
  std::size_t bytes = 0;
  std::size_t samples = 0;
  exposition::PageCounts counts;
  std::size_t type_clashes = 0;
  std::vector<std::optional<Error>> pages;  // why each page failed; not set: success
  std::vector<FetchInfo> fetch_infos;       // by page
};

// The page's format in the configuration; not set: detected from the page.
std::optional<config::PageFormat> formatOf(const config::Page& page);
bool isJson(const std::optional<config::PageFormat>& format);

// Bytes of pages that the loop does not read or merge itself: it would take a millisecond or more.
inline constexpr std::size_t kLongToRead = 256U << 10;
// Whether a task that has computed since then must let others have a turn.
bool longTurn(const async::Loop& loop, SteadyTime since);
double secondsSince(const async::Loop& loop, SteadyTime began);

// Makes the error of a page a rejected login if the refusal (PageFetch::refused()) counts as one.
void classifyRefusal(TargetClient& client, std::uint64_t refused, Error& error);

}  // namespace postern::scrape
