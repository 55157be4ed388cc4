#include "scrape/held_pages.h"

#include <fmt/core.h>

#include <malloc.h>

#include <optional>
#include <string>
#include <utility>

#include "async/offload.h"
#include "base/metric_text.h"
#include "exposition/family_index.h"
#include "scrape/exception_guard.h"
#include "scrape/json_conversion.h"
#include "scrape/page_fetch.h"
#include "upstream/connection_pool.h"

namespace postern::scrape {
namespace {

constexpr std::size_t kLarge = 1U << 20;  // bytes; larger pages return memory to the system

// Whether this error is more informative than the first. Usually the first is. But a page with a
// 401 after another page's failed login reports only the wait, not what happened in this scrape.
bool isMoreSpecific(const Error& error, const std::optional<Error>& known) {
  return !known || (known->fault == Fault::Backoff && error.fault != Fault::Backoff);
}

Error tooMuch(std::string_view limit, std::size_t value) {
  return {Fault::Limit, fmt::format("the pages together exceed {} of {}", limit, value)};
}

// Makes a missing page visible on the merged page.
exposition::Families pageUpFamily(const config::Target& target,
                                  const std::vector<std::optional<Error>>& pages) {
  exposition::Family up;
  up.name = "postern_page_up";
  up.type = "gauge";
  up.help = "Whether this page of the target was fetched by this scrape.";
  for (std::size_t page = 0; page < pages.size(); ++page) {
    up.samples += fmt::format("postern_page_up{{target=\"{}\",page=\"{}\"}} {}\n", target.name,
                              escapeLabelValue(target.pages[page].name()), pages[page] ? 0 : 1);
  }
  exposition::Families families;
  families.families.push_back(std::move(up));
  families.samples = pages.size();
  return families;
}

// Only a page of the service's health has the company's name.
std::string companyOf(const TargetClient& client, const config::Page& page) {
  if (!page.format.reportsHealth() || !client.credentials) return {};
  const auto credential = client.credentials->current();
  return credential ? credential->credential.company_name : std::string();
}

}  // namespace

// Everything that a job on another thread needs to read the end of a page: JSON is read as a whole.
struct HeldPages::Page {
  Page(const RunContext& run, std::size_t number, const exposition::Output& output)
      : context(run.pages),
        wanted(context->target.pages[number]),
        json(context->target, number),
        relabeler(context->relabelers.lease()),
        collector(families),
        input(formatOf(wanted), context->optionsFor(relabeler), collector,
              [this](const config::JsonFormat& format, std::string_view page) {
                return json.toText(format, page);
              }),
        fetch(run, number, output) {}

  Result<void> feed(std::string_view block) {
    return guardExceptions([&] { return input.feed(block); });
  }
  Result<void> finish() {
    return guardExceptions([&] { return input.finish(); });
  }

  const std::shared_ptr<PageContext> context;
  const config::Page& wanted;
  JsonConversion json;
  const RelabelerPool::RelabelerLease relabeler;
  exposition::Families families;
  exposition::FamilyCollector collector;
  exposition::PageInput input;
  // used only on the loop, like the following members
  PageFetch fetch;
  FetchInfo fetch_info;
  std::optional<Error> error;
  bool ended = false;
};

// Merges the pages. The last part runs as a job that owns all that it needs.
struct HeldPages::Merging {
  Merging(const RunContext& run, const exposition::Output& written)
      : context(run.pages), output(written) {
    result.pages.resize(context->target.pages.size());
    result.fetch_infos.resize(context->target.pages.size());
  }

  Result<PageText> merge();
  Result<PageText> run();

  const std::shared_ptr<PageContext> context;
  const exposition::Output output;
  exposition::Families merged;
  exposition::FamilyIndex index{merged};
  std::optional<Error> broken;               // an exception, before all pages were complete
  std::vector<std::shared_ptr<Page>> pages;  // not merged yet; null: merged
  std::string self_metrics;
  bool gives_back = false;  // returns much memory to the system
  ScrapeResult result;
};

HeldPages::HeldPages(RunContext& context, const exposition::Output& output)
    : context_(context),
      output_(output),
      pages_(context.pages->target.pages.size()),
      refused_(pages_.size()),
      merging_(std::make_shared<Merging>(context, output)) {}

HeldPages::~HeldPages() = default;

async::Task<ScrapeResult> HeldPages::fetch(async::Scope& scope, SteadyTime login_deadline) {
  async::Scope whole(context_.loop);  // each page ends with `scope`
  async::Group group(upstream::ConnectionPool::kMostIdle);
  std::size_t first = 0;
  // One page is fetched first, so that an invalid credential is sent to the service only once.
  if (pages_.size() > 1 && context_.client->session.sendsCredentialItself()) {
    co_await fetchPage(first, scope, login_deadline);
    first = 1;
  }
  for (std::size_t page = first; page < pages_.size(); ++page)
    group.add(fetchPage(page, scope, login_deadline));
  co_await group.join(whole);
  co_return co_await merge();
}

async::Task<> HeldPages::fetchPage(std::size_t number, async::Scope& scope,
                                   SteadyTime login_deadline) {
  pages_[number] = std::make_shared<Page>(context_, number, output_);
  Page& page = *pages_[number];
  const KeptPage& kept = context_.kept[number];
  const auto interval = page.wanted.min_interval;
  const auto began = context_.loop.now();
  if (interval.count() > 0 && kept.families && began < kept.fetched + interval) {
    page.families = *kept.families;
    page.fetch_info = kept.fetch_info;
    page.fetch_info.kept = true;
    take(number);
    co_return;
  }
  const auto own = page.wanted.timeout;
  async::Scope time(scope, own.count() > 0 ? began + own : SteadyTime::max());
  auto fetched = co_await read(number, time, login_deadline);
  page.fetch.end();  // before jobs share the page
  if (!fetched) page.error = std::move(fetched).error();
  page.fetch_info.status = page.fetch.status();
  page.fetch_info.format = page.input.format();
  page.fetch_info.transport = page.fetch.transport();
  page.fetch_info.counts = page.input.counts();
  page.fetch_info.seconds = secondsSince(context_.loop, began);
  // A failed page reports no health.
  if (!page.error && page.json.health()) {
    page.fetch_info.health = page.json.health();
    page.fetch_info.health_at = context_.loop.clock().system();
  }
  if (interval.count() > 0) remember(number);
  merging_->result.counts += page.fetch_info.counts;
  merging_->result.counts.nan += page.json.nanDropped();
  take(number);
}

async::Task<Result<void>> HeldPages::read(std::size_t number, async::Scope& scope,
                                          SteadyTime login_deadline) {
  Page& page = *pages_[number];
  page.fetch_info.format = formatOf(page.wanted);
  auto started = co_await page.fetch.start(scope, login_deadline);
  if (!started) co_return started;
  page.fetch_info.content_type = page.fetch.contentType();
  page.input.contentType(page.fetch_info.content_type);
  auto turned = context_.loop.now();
  while (true) {
    const auto block = co_await page.fetch.read(scope);
    if (!block) co_return block.error();
    if (block->empty()) break;
    page.fetch_info.bytes += block->size();
    auto fed = hold(block->size());
    if (fed) fed = page.feed(*block);
    if (!fed) co_return inPage(page.wanted, std::move(fed).error());
    if (!longTurn(context_.loop, turned)) continue;
    static_cast<void>(co_await context_.loop.turn(scope));
    turned = context_.loop.now();
  }
  co_return co_await finish(number);
}

async::Task<Result<void>> HeldPages::finish(std::size_t number) {
  const auto page = pages_[number];
  page->fetch.end();
  page->json.setCompany(companyOf(*context_.client, page->wanted));
  Result<void> done;
  if (page->fetch_info.bytes > kLongToRead && isJson(page->input.format())) {
    async::Scope whole(context_.loop);
    auto reads = [page] { return page->finish(); };
    auto read = co_await async::offload(context_.runner, whole, std::move(reads));
    done = *std::move(read);
  } else {
    done = page->finish();
  }
  if (!done) co_return inPage(page->wanted, std::move(done).error());
  co_return done;
}

Result<void> HeldPages::hold(std::size_t bytes) {
  held_bytes_ += bytes;
  const auto limit = context_.pages->target.merge_limit;
  if (held_bytes_ > limit) return tooMuch("merge_limit", limit);
  return {};
}

void HeldPages::remember(std::size_t number) {
  const Page& page = *pages_[number];
  KeptPage& kept = context_.kept[number];
  kept.families.reset();
  if (!page.error) kept.families = page.families;
  kept.fetched = context_.loop.now();
  kept.fetch_info = page.fetch_info;
}

// The page has ended. Only its families are still needed.
void HeldPages::take(std::size_t number) {
  Page& page = *pages_[number];
  page.ended = true;
  refused_[number] = page.fetch.refused();
  merging_->result.pages[number] = page.error;
  merging_->result.fetch_infos[number] = page.fetch_info;
  mergeSmallPages();
}

// Merges in the order of the pages, a bounded number of bytes at a time.
void HeldPages::mergeSmallPages() {
  std::size_t bytes = 0;
  while (merged_ < pages_.size() && pages_[merged_] && pages_[merged_]->ended) {
    auto& page = pages_[merged_];
    bytes += page->fetch_info.bytes;
    if (bytes > kLongToRead) return;
    if (!page->error && !merging_->broken) {
      auto merged = guardExceptions([&]() -> Result<void> {
        exposition::merge(merging_->merged, merging_->index, std::move(page->families));
        return {};
      });
      if (!merged) merging_->broken = std::move(merged).error();
    }
    page.reset();
    ++merged_;
  }
}

Result<PageText> HeldPages::Merging::run() {
  auto page = guardExceptions([&] { return merge(); });
  // The pages' memory is fragmented, and malloc would keep it for this thread.
  if (gives_back) malloc_trim(0);
  return page;
}

// Makes one page of all pages. Requires all required pages, and at least one.
Result<PageText> HeldPages::Merging::merge() {
  const auto& target = context->target;
  std::optional<Error> missing;  // of a required page
  std::optional<Error> failed;   // of any page
  bool all_failed = true;
  for (std::size_t page = 0; page < result.pages.size(); ++page) {
    const auto& error = result.pages[page];
    if (!error) {
      all_failed = false;
      continue;
    }
    if (isMoreSpecific(*error, failed)) failed = error;
    if (target.pages[page].required && isMoreSpecific(*error, missing)) missing = error;
  }
  if (broken) return *std::move(broken);
  for (const auto& page : pages) {
    if (page && !page->error) exposition::merge(merged, index, std::exchange(page->families, {}));
  }
  result.type_clashes = merged.type_clashes;
  if (missing) return *std::move(missing);
  if (all_failed) return *std::move(failed);
  if (target.limits.samples != 0 && merged.samples > target.limits.samples)
    return tooMuch("sample_limit", target.limits.samples);
  if (result.counts.read == 0 && merged.samples == 0)
    return Error{Fault::Empty, "no page contains a sample"};
  result.samples = merged.samples;
  exposition::merge(merged, pageUpFamily(target, result.pages));
  if (target.append_self) {
    TRY(auto self, exposition::readFamilies(exposition::Syntax::Text, self_metrics, {}));
    exposition::merge(merged, std::move(self));
  }
  TRY(auto text, exposition::write(std::move(merged), output));
  return std::make_shared<const std::string>(std::move(text));
}

async::Task<ScrapeResult> HeldPages::merge() {
  const auto merging = merging_;
  merging->gives_back = held_bytes_ > kLarge;
  if (context_.pages->target.append_self) merging->self_metrics = context_.self_metrics();
  auto& result = merging->result;
  for (std::size_t page = 0; page < refused_.size(); ++page) {
    auto& error = result.pages[page];
    if (error) classifyRefusal(*context_.client, refused_[page], *error);
  }
  merging->pages = std::move(pages_);
  async::Scope whole(context_.loop);
  const auto pass = co_await context_.merging.enter(whole);
  Result<PageText> page = PageText();
  if (held_bytes_ > kLongToRead) {
    auto merges = [merging] { return merging->run(); };
    auto merged = co_await async::offload(context_.runner, whole, std::move(merges));
    page = *std::move(merged);
  } else {
    page = merging->run();
  }
  if (page) {
    result.bytes = (*page)->size();
    result.page = *std::move(page);
  } else {
    result.error = std::move(page).error();
  }
  co_return std::move(result);
}

}  // namespace postern::scrape
