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

// One request and its answer on one connection: framing, decompression and the limits of the body.
// Closes the connection if it is destroyed before the end of the answer. Runs on the connection's
// loop.
class ConnectionExchange final : public HttpExchange {
 public:
  struct PendingRequest {
    const Request& request;  // must live until start() has returned
    const config::Url& url;  // url of the service; must outlive the exchange
    std::string target;      // path and query
    bool follows_redirect;   // treat a redirect within the service not as an answer: see redirect()
    ConnectionPool* pool;    // gets the connection after a whole answer, and must outlive the
                             // exchange; null: takeConnection()
  };

  ConnectionExchange(std::unique_ptr<Connection> connection, const PendingRequest& pending);

  // Sends the request, whose bytes must outlive the task, and reads the head of the answer. Drains
  // the body of a status other than 200, up to 64 KiB and 250 ms, unless any_status_body is set.
  // Call once. Errors: Tls, Timeout, Truncated, Limit, Format, Connect; their texts begin with the
  // service's authority.
  async::Task<Result<void>> start(std::string_view request_bytes, async::Scope& scope);
  async::Task<Result<std::string_view>> read(async::Scope& scope) override;
  bool endIfWhole() override;

  const Response& response() const override { return response_; }
  bool answered() const { return reader_.started(); }  // a byte of the answer has arrived
  // Where to continue when the answer is a redirect to be followed; else empty.
  const std::string& redirect() const { return redirect_; }
  // Valid at any time after start(). Null when the pool has the connection. Do not use the exchange
  // afterwards.
  std::unique_ptr<Connection> takeConnection() { return std::move(connection_); }

 private:
  async::Task<Result<ResponseStep>> nextStep(async::Scope& scope);
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
  const std::size_t body_limit_;  // from the request, like the following members
  const bool any_status_body_;
  ResponseReader reader_;
  std::string_view input_;  // read and not yet consumed
  bool in_body_ = false;
  bool wanted_ = true;  // return the body; false: only drain it
  bool ended_ = false;  // the connection has ended, in the way that ends the body
  bool whole_ = false;  // the answer is complete
  std::unique_ptr<Gunzip> gunzip_;
  std::string_view packed_;        // input that gunzip_ has not consumed yet
  std::size_t delivered_ = 0;      // decoded bytes
  std::size_t bytes_in_turn_ = 0;  // decoded bytes since the loop had a turn
  std::string redirect_;
  Response response_;
};

}  // namespace postern::upstream
