#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/target.h"
#include "upstream/connection.h"
#include "upstream/gunzip.h"
#include "upstream/http_client.h"
#include "upstream/response.h"

namespace postern::upstream {

class ConnectionPool;

// One request and its answer on one connection: framing, unpacking and the limits of the body.
// Closes the connection when it is destroyed before the end of the answer. On the connection's
// loop.
class ConnectionExchange final : public HttpExchange {
 public:
  struct PendingRequest {
    const Request& request;  // must live until start() has returned
    const config::Url& url;  // of the service; must outlive the exchange
    std::string target;      // path and query
    bool follows_redirect;   // a redirect within the service is not an answer: see redirect()
    ConnectionPool* pool;    // gets the connection when the answer is whole, and must outlive the
                             // exchange; null: takeConnection()
  };

  ConnectionExchange(std::unique_ptr<Connection> connection, const PendingRequest& pending);

  // Sends the request, whose bytes must outlive the task, and reads the head of the answer. The
  // body of a status other than 200 is only drained, up to 64 KiB and 250 ms, unless
  // any_status_body asks for it. Once. Errors: Tls, Timeout, Truncated, Limit, Format, Connect;
  // their texts begin with the service's authority.
  async::Task<Result<void>> start(std::string_view request_bytes, async::Scope& scope);
  async::Task<Result<std::string_view>> read(async::Scope& scope) override;
  bool endIfWhole() override;

  const Response& response() const override { return response_; }
  bool answered() const { return reader_.started(); }  // a byte of the answer has come
  // Where to continue when the answer is a redirect to be followed; else empty.
  const std::string& redirect() const { return redirect_; }
  // At any time after start(), null when the pool has it. The exchange is of no more use then.
  std::unique_ptr<Connection> takeConnection() { return std::move(connection_); }

 private:
  async::Task<Result<ResponseReader::Step>> nextStep(async::Scope& scope);
  async::Task<> drain(async::Scope& outer);
  Result<void> takeHead();
  Result<void> prepareBody();
  Result<std::string_view> bounded(std::string_view block);
  Result<std::string_view> endOfBody();
  bool isReusable() const;
  void finish(bool reusable);
  std::string_view doing() const;
  Error overLimit() const;
  Error located(Error error) const;

  std::unique_ptr<Connection> connection_;
  const config::Url& url_;
  const std::string target_;
  const bool follows_redirect_;
  ConnectionPool* const pool_;
  const std::size_t body_limit_;  // of the request, as is what follows
  const bool any_status_body_;
  ResponseReader reader_;
  std::string_view input_;  // read and not yet taken
  bool in_body_ = false;
  bool wanted_ = true;  // the body; else it is only drained
  bool ended_ = false;  // the connection, in the way that ends the body
  bool whole_ = false;  // the answer
  std::unique_ptr<Gunzip> gunzip_;
  std::string_view packed_;        // what gunzip_ has not yet taken of the last step
  std::size_t delivered_ = 0;      // decoded bytes
  std::size_t bytes_in_turn_ = 0;  // decoded bytes since the loop had a turn
  std::string redirect_;
  Response response_;
};

}  // namespace postern::upstream
