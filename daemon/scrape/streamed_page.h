#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "exposition/page_pipeline.h"
#include "scrape/json_conversion.h"
#include "scrape/page_context.h"
#include "scrape/page_fetch.h"
#include "scrape/page_stream.h"

namespace postern::scrape {

// Whether the target has exactly one page, and it can be sent line by line as it arrives.
bool streams(const config::Target& target);

// A page that is checked, relabeled and written while it is fetched. Held up to hold_back, so that
// a failure is an error instead of an incomplete page. After that it streams to one scraper. On the
// loop; `context` must outlive it.
class StreamedPage {
 public:
  StreamedPage(RunContext& context, const exposition::Output& output);

  // Returns true when the page outgrew the hold-back: streamTo() continues. Returns false when it
  // is complete, or failed.
  async::Task<bool> hold(async::Scope& scope, SteadyTime login_deadline);
  async::Task<> streamTo(PageStream& stream, async::Scope& scope);
  // The page outgrew the hold-back, and no scraper is left to stream it to.
  void abandon();
  // The result. Call once, at the end.
  ScrapeResult result();

 private:
  // Everything that a job on another thread needs to read the end of a page: JSON is read as a
  // whole.
  struct Pipeline;

  async::Task<bool> next(async::Scope& scope);
  Result<void> feed(std::string_view block);
  async::Task<> finishOnThread();
  void finish(Result<void> read);
  async::Task<bool> flush(PageStream& stream);
  void fail(Error error);

  RunContext& context_;
  PageFetch fetch_;
  const std::shared_ptr<Pipeline> pipeline_;
  const SteadyTime began_;
  SteadyTime turned_;      // since when this task computes without a turn for others
  std::size_t bytes_ = 0;  // of the body
  std::size_t sent_ = 0;   // to the stream
  bool whole_ = false;     // everything is read, or it failed
  bool streamed_ = false;
  bool scraper_gone_ = false;
  std::optional<Error> error_;
  FetchInfo fetch_info_;
};

}  // namespace postern::scrape
