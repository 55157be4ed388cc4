#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/scope.h"
#include "async/task.h"
#include "base/result.h"
#include "base/secret.h"
#include "tls/negotiated.h"

namespace postern::upstream {

// The connection that a request was sent on.
struct TransportInfo {
  bool kept = false;  // it carried an earlier request
  tls::Negotiated negotiated;
};

struct Request {
  std::string method = "GET";
  std::string path;  // with the query and the path of the target's url; begins with a slash
  std::vector<std::pair<std::string, std::string>> headers;
  std::string secret_header;  // name of the header that carries secret_value, or empty
  Secret secret_value;
  std::vector<std::pair<std::string, Secret>> secret_headers;  // more of them, by name
  Secret body;
  std::string content_type;      // content type of the body
  std::size_t body_limit = 0;    // decoded bytes of the answer; more is Limit; 0 = unlimited
  bool any_status_body = false;  // read the body of every answer, not only of a 200
  bool once = false;  // a login: on a fresh connection, never sent twice, never redirected
  bool follow_redirects = false;  // redirects to the same scheme, host and port, at most 5
  // Where to write the connection that last carried the request, also after a failure; not set
  // there: nothing was sent. Must outlive the exchange.
  std::optional<TransportInfo>* transport = nullptr;
};

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  // The beginning of an unread body, which may say why the request was refused.
  std::string excerpt = {};

  // Value of the first header of that name (lower case); empty when it is missing.
  std::string_view header(std::string_view name) const;
};

// One request whose answer has begun. If its body is not read to the end, its connection is closed.
// On the loop of its client; must be destroyed before the client.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  // The answer to the last redirect that was followed.
  virtual const Response& response() const = 0;
  // The next block of the decoded body, up to 64 KiB. Empty at its end, and for a body that is not
  // read (see Request::any_status_body). The view lives until the next call. After an error the
  // exchange is unusable. Errors: Tls, Timeout, Truncated, Limit, Format; their texts begin with
  // the service's authority.
  virtual async::Task<Result<std::string_view>> read(async::Scope& scope) = 0;
  // Whether the body has been read to its end, without waiting for read()'s empty block. True ends
  // the exchange and the view of its last block.
  virtual bool endIfWhole() = 0;
};

// Sends requests to one service. On one loop.
class HttpClient {
 public:
  using Started = Result<std::unique_ptr<HttpExchange>>;

  virtual ~HttpClient() = default;
  // Returns when the head of the answer has arrived. Any status is an answer, not an error.
  // `request` must live until then. Errors: Resolve, Connect, Tls, Timeout (also of a canceled
  // scope), Truncated, Limit, Format (not HTTP).
  virtual async::Task<Started> send(const Request& request, async::Scope& scope) = 0;
};

}  // namespace postern::upstream
