#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "exposition/output.h"
#include "scrape/page_context.h"

namespace postern::scrape {

// Fetches one page of a target with its authorization. On the loop; `context` must outlive it.
class PageFetch {
 public:
  // `output`: the format of the finished page, for the request's Accept header.
  PageFetch(const RunContext& context, std::size_t page, const exposition::Output& output)
      : context_(context), page_(page), output_(output) {}

  // Runs until the body of a 200 begins. Replays a refused page once. Errors: those of
  // Session::authorize and HttpClient; Forbidden (403), Status (anything but 200). If refused() is
  // set, the error is a final 401, and the whole scrape decides whether it is LoginRejected or
  // Status.
  async::Task<Result<void>> start(async::Scope& scope, SteadyTime login_deadline);
  // After start(): like HttpExchange::read().
  async::Task<Result<std::string_view>> read(async::Scope& scope);
  // After read(): like HttpExchange::endIfWhole().
  bool endIfWhole() { return exchange_->endIfWhole(); }
  // Closes the connection, unless the body was read to its end.
  void end();

  std::string_view contentType() const;
  // Generation of the refused authorization; 0: not refused.
  std::uint64_t refused() const { return refused_; }
  int status() const { return status_; }  // of the last answer; 0: no answer
  // Of the last request; not set: nothing was sent.
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

// Puts the page's name before the error's text.
Error inPage(const config::Page& page, Error error);

// The body limit of the page's format.
std::size_t bodyLimit(const config::Target& target, const config::Page& page);

}  // namespace postern::scrape
