#include "scrape/streamed_page.h"

#include <utility>

#include "async/offload.h"
#include "scrape/exception_guard.h"

namespace postern::scrape {
namespace {

constexpr std::size_t kSmall = 128U << 10;          // bytes; most pages are smaller
constexpr std::size_t kHeld = (1U << 20) + kSmall;  // the usual hold-back and one block

}  // namespace

bool streams(const config::Target& target) {
  const config::Page& first = target.pages.front();
  const bool merged = first.format.isJson() && first.format.json->merged;
  return target.pages.size() == 1 && !merged && first.min_interval.count() == 0 &&
         !target.append_self;
}

struct StreamedPage::Pipeline {
  Pipeline(std::shared_ptr<PageContext> of, const exposition::Output& output)
      : context(std::move(of)),
        json(context->target, 0),
        relabeler(context->relabelers.lease()),
        pipeline(
            formatOf(context->target.pages[0]), context->optionsFor(relabeler), output,
            [this](const config::JsonFormat& format, std::string_view page) {
              return json.toText(format, page);
            },
            // Without a hold-back the page is sent block by block.
            context->target.hold_back < kSmall ? nullptr : &context->templates) {}

  Result<void> finish() {
    return guardExceptions([&]() -> Result<void> {
      auto whole = pipeline.finish();
      if (!whole) return inPage(context->target.pages[0], std::move(whole).error());
      return {};
    });
  }

  const std::shared_ptr<PageContext> context;
  JsonConversion json;
  const RelabelerPool::RelabelerLease relabeler;
  exposition::PagePipeline pipeline;
};

StreamedPage::StreamedPage(RunContext& context, const exposition::Output& output)
    : context_(context),
      fetch_(context, 0, output),
      pipeline_(std::make_shared<Pipeline>(context.pages, output)),
      began_(context.loop.now()),
      turned_(began_) {}

async::Task<bool> StreamedPage::hold(async::Scope& scope, SteadyTime login_deadline) {
  const auto started = co_await fetch_.start(scope, login_deadline);
  if (!started) {
    fail(started.error());
    co_return false;
  }
  fetch_info_.content_type = fetch_.contentType();
  auto& pipeline = pipeline_->pipeline;
  pipeline.contentType(fetch_info_.content_type);
  turned_ = context_.loop.now();
  const std::size_t most = context_.pages->target.hold_back;
  while (!whole_) {
    const bool more = co_await next(scope);
    if (more && pipeline.out().size() > most) co_return true;
    // Grows once instead of in steps that are copied.
    if (more && pipeline.out().size() > kSmall) pipeline.out().reserve(kHeld);
  }
  co_return false;
}

async::Task<> StreamedPage::streamTo(PageStream& stream, async::Scope& scope) {
  streamed_ = true;
  while (true) {
    const bool taken = co_await flush(stream);
    if (!taken) {
      scraper_gone_ = true;
      fail({Fault::Timeout, "the scraper has gone, or was too slow"});
      co_return;
    }
    if (whole_) co_return;
    const bool more = co_await next(scope);
    if (!more && error_) co_return;
  }
}

void StreamedPage::abandon() {
  fail({Fault::Timeout, "no scraper waits for the page any more"});
}

// Reads one block. Returns false at the end and after a failure.
async::Task<bool> StreamedPage::next(async::Scope& scope) {
  if (longTurn(context_.loop, turned_)) {
    static_cast<void>(co_await context_.loop.turn(scope));
    turned_ = context_.loop.now();
  }
  const auto block = co_await fetch_.read(scope);
  if (!block) {
    fail(block.error());
    co_return false;
  }
  if (!block->empty()) {
    auto fed = feed(*block);
    if (!fed) {
      fail(std::move(fed).error());
      co_return false;
    }
    const bool held = pipeline_->pipeline.out().size() <= context_.pages->target.hold_back;
    if (!held || !fetch_.endIfWhole()) co_return true;
  }
  fetch_.end();
  if (bytes_ > kLongToRead && isJson(pipeline_->pipeline.format())) {
    co_await finishOnThread();
  } else {
    finish(pipeline_->finish());
  }
  co_return false;
}

Result<void> StreamedPage::feed(std::string_view block) {
  bytes_ += block.size();
  return guardExceptions([&]() -> Result<void> {
    auto checked = pipeline_->pipeline.feed(block);
    if (!checked) return inPage(context_.pages->target.pages[0], std::move(checked).error());
    return {};
  });
}

async::Task<> StreamedPage::finishOnThread() {
  async::Scope whole(context_.loop);
  auto reads = [pipeline = pipeline_] { return pipeline->finish(); };
  auto read = co_await async::offload(context_.runner, whole, std::move(reads));
  finish(*std::move(read));
}

void StreamedPage::finish(Result<void> read) {
  if (!read) fail(std::move(read).error());
  whole_ = true;
}

// Returns false when the scraper accepts no more bytes.
async::Task<bool> StreamedPage::flush(PageStream& stream) {
  auto& out = pipeline_->pipeline.out();
  if (out.empty()) co_return true;
  const bool taken = co_await stream.write(out);
  if (taken) sent_ += out.size();
  out.clear();
  co_return taken;
}

void StreamedPage::fail(Error error) {
  if (!error_) error_ = std::move(error);
  whole_ = true;
  fetch_.end();
}

ScrapeResult StreamedPage::result() {
  ScrapeResult result;
  result.scraper_gone = scraper_gone_;
  auto& pipeline = pipeline_->pipeline;
  fetch_info_.status = fetch_.status();
  fetch_info_.format = pipeline.format();
  fetch_info_.bytes = bytes_;
  fetch_info_.transport = fetch_.transport();
  fetch_info_.counts = pipeline.counts();
  fetch_info_.counts.nan += pipeline_->json.nanDropped();
  fetch_info_.seconds = secondsSince(context_.loop, began_);
  result.counts = fetch_info_.counts;
  result.bytes = sent_;
  if (error_) {
    classifyRefusal(*context_.client, fetch_.refused(), *error_);
    result.error = std::move(error_);
  } else {
    result.samples = result.counts.kept;
    if (!streamed_) {
      result.bytes = pipeline.out().size();
      result.page = std::make_shared<const std::string>(std::move(pipeline.out()));
    }
  }
  result.pages = {result.error};
  result.fetch_infos = {std::move(fetch_info_)};
  return result;
}

}  // namespace postern::scrape
