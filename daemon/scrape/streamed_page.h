#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "exposition/passage.h"
#include "scrape/json_page.h"
#include "scrape/page_context.h"
#include "scrape/page_fetch.h"
#include "scrape/page_stream.h"

namespace postern::scrape {

// Whether the target has one page only, that can go out line by line as it comes.
bool streams(const config::Target& target);

// Such a page: checked, relabeled and written while it is fetched. Held up to hold_back, so that a
// failure is an error and not a page that breaks off; beyond it, streamed to one scraper. On the
// loop; `context` must outlive it.
class StreamedPage {
 public:
  StreamedPage(RunContext& context, const exposition::Output& output);

  // True when the page outgrew the hold-back: streamTo() takes the rest. False when it is whole, or
  // failed.
  async::Task<bool> hold(async::Scope& scope, SteadyTime login_deadline);
  async::Task<> streamTo(PageStream& stream, async::Scope& scope);
  // The page outgrew the hold-back, and nobody is left to stream it to.
  void abandon();
  // What came of it. Once, at the end.
  ScrapeResult result();

 private:
  // What a job on another thread needs to read the page's end: JSON is read as a whole.
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
  SteadyTime turned_;      // since when this task computes without letting others have their turn
  std::size_t bytes_ = 0;  // of the body
  std::size_t sent_ = 0;   // to the stream
  bool whole_ = false;     // all has been read, or it failed
  bool streamed_ = false;
  bool scraper_gone_ = false;
  std::optional<Error> error_;
  PageStory story_;
};

}  // namespace postern::scrape
