#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "exposition/output.h"
#include "scrape/page_context.h"

namespace postern::scrape {

// One page of a target, fetched with whatever proves who we are. On the loop; `context` must
// outlive it.
class PageFetch {
 public:
  // `output`: what the page will be, so that it is asked for like that.
  PageFetch(const RunContext& context, std::size_t page, const exposition::Output& output)
      : context_(context), page_(page), output_(output) {}

  // Until the body of a 200 begins; a page that was refused is replayed once. Errors: those of
  // Session::authorize and HttpClient; Forbidden (403), Status (anything but 200). With refused()
  // set the error is a 401 that stands: whether it is LoginRejected or Status the whole scrape
  // decides.
  async::Task<Result<void>> start(async::Scope& scope, SteadyTime login_deadline);
  // After start(): as HttpExchange::read().
  async::Task<Result<std::string_view>> read(async::Scope& scope);
  // After read(): as HttpExchange::endIfWhole().
  bool endIfWhole() { return exchange_->endIfWhole(); }
  // Closes the connection, unless the body was read to its end.
  void end();

  std::string_view contentType() const;
  std::uint64_t refused() const { return refused_; }  // generation of the authorization; 0: none
  int status() const { return status_; }              // of the last answer; 0: none
  // Of the last request; none: nothing was sent.
  const std::optional<upstream::TransportInfo>& transport() const { return transport_; }

 private:
  async::Task<Result<void>> prepare(async::Scope& scope, SteadyTime login_deadline);
  async::Task<Result<credentials::SecretHeaders>> readHeaders(async::Scope& scope);
  Result<void> fail(const upstream::Response& response) const;
  const config::Target& target() const { return context_.pages->target; }

  const RunContext& context_;
  const std::size_t page_;  // index into the target's pages
  const exposition::Output output_;
  session::Authorization authorization_;
  upstream::Request request_;
  std::unique_ptr<upstream::HttpExchange> exchange_;
  std::uint64_t refused_ = 0;
  int status_ = 0;
  std::optional<upstream::TransportInfo> transport_;
};

// The error with the page that it is about in front.
Error inPage(const config::Page& page, Error error);

// The limit that the page's format has.
std::size_t bodyLimit(const config::Target& target, const config::Page& page);

}  // namespace postern::scrape
