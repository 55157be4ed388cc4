#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "async/group.h"
#include "scrape/page_context.h"

namespace postern::scrape {

// The pages of a target with several pages, or with one that cannot stream: fetched in parallel,
// held up to merge_limit, and merged. A small page is merged and its memory freed as soon as it and
// all pages before it are complete. On the loop; `context` must outlive it.
class HeldPages {
 public:
  HeldPages(RunContext& context, const exposition::Output& output);
  ~HeldPages();

  // Call once. Ends soon after the scope.
  async::Task<ScrapeResult> fetch(async::Scope& scope, SteadyTime login_deadline);

 private:
  struct Page;
  struct Merging;

  async::Task<> fetchPage(std::size_t page, async::Scope& scope, SteadyTime login_deadline);
  async::Task<Result<void>> read(std::size_t page, async::Scope& scope, SteadyTime login_deadline);
  async::Task<Result<void>> finish(std::size_t page);
  void remember(std::size_t page);
  void take(std::size_t page);
  void mergeSmallPages();
  Result<void> hold(std::size_t bytes);
  async::Task<ScrapeResult> merge();

  RunContext& context_;
  const exposition::Output output_;
  std::vector<std::shared_ptr<Page>> pages_;  // null: not begun, or already merged
  std::vector<std::uint64_t> refused_;        // PageFetch::refused() by page
  const std::shared_ptr<Merging> merging_;
  std::size_t merged_ = 0;      // number of first pages that are merged
  std::size_t held_bytes_ = 0;  // of all pages, for merge_limit
};

}  // namespace postern::scrape
