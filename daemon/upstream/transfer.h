#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "upstream/connection.h"
#include "upstream/exchange.h"
#include "upstream/gunzip.h"
#include "upstream/response.h"

namespace postern::upstream {

// One request and its answer on one connection: framing, unpacking and the limits of the
// body. What it refers to must live as long. Used once, by one thread.
class Transfer {
 public:
  struct Order {
    const Request& request;
    const config::Url& url;
    std::string target;   // path and query
    bool redirects_left;  // a redirect that may be followed is not shown to on_head
    Deadline deadline;
    const OnHead& on_head;
    const OnBody& on_body;
  };

  Transfer(Connection& connection, const Order& order);

  // `request_bytes` may be empty: the request has been written. Errors: Tls, Timeout, Truncated,
  // Limit, Format, Connect, and those of the callbacks. Their texts begin with the service's
  // authority.
  Result<Response> run(std::string_view request_bytes);

  bool answered() const { return reader_.started(); }  // a byte of the answer has come
  // Where to go on when the response is a redirect to be followed; else empty.
  const std::string& redirect() const { return redirect_; }
  // The connection may carry another request.
  bool reusable() const { return reusable_; }

 private:
  Result<void> readAnswer();
  Result<ResponseReader::Step> nextStep();
  Result<void> readMore();
  Result<void> takeHead();
  Result<void> prepareBody();
  Result<void> deliver(std::string_view block);
  Result<void> deliverUnpacked(std::string_view block);
  void drain();
  void noteWhole();
  Error overLimit() const;
  Error located(Error error) const;

  Connection& connection_;
  const Order& order_;
  Deadline deadline_;
  ResponseReader reader_;
  std::string_view input_;  // read and not yet taken
  bool in_body_ = false;
  bool wanted_ = true;  // the body; else it is only drained
  bool ended_ = false;  // the connection, in the way that ends the body
  bool reusable_ = false;
  bool refused_ = false;  // the last block: by on_body or by the limit
  std::unique_ptr<Gunzip> gunzip_;
  OnBody unpacked_;            // where gunzip_ puts its blocks
  std::size_t delivered_ = 0;  // decoded bytes
  std::string redirect_;
  std::string excerpt_;
};

}  // namespace postern::upstream
