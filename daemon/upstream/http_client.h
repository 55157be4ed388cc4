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
#include "tls/terms.h"

namespace postern::upstream {

// The connection that a request was sent on.
struct TransportInfo {
  bool kept = false;  // it has carried an earlier request
  tls::Terms terms;
};

struct Request {
  std::string method = "GET";
  std::string path;  // with the query and the path of the target's url; begins with a slash
  std::vector<std::pair<std::string, std::string>> headers;
  std::string secret_header;  // name of the header that carries secret_value, or empty
  Secret secret_value;
  std::vector<std::pair<std::string, Secret>> secret_headers;  // more of them, by name
  Secret body;
  std::string content_type;      // of the body
  std::size_t body_limit = 0;    // decoded bytes of the answer; beyond them Limit; 0 = none
  bool any_status_body = false;  // the body of every answer is read, not only of a 200
  bool once = false;  // a login: on a fresh connection, never sent twice, never redirected
  bool follow_redirects = false;  // to the same scheme, host and port, at most 5
  // Where to write on which connection the request was last sent, also when it failed then; none:
  // nothing was sent. Must outlive the exchange.
  std::optional<TransportInfo>* transport = nullptr;
};

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  // The start of a body that is not read, where it may say why the request was refused.
  std::string excerpt = {};

  // Of the first header of that name (lower case); empty when it is missing.
  std::string_view header(std::string_view name) const;
};

// One request whose answer has begun. An exchange whose body is not read to its end closes its
// connection. On the loop of its client, and destroyed before the client.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  // Of the last redirect that was followed.
  virtual const Response& response() const = 0;
  // The next block of the decoded body, up to 64 KiB; empty at its end, and for a body that is not
  // read (see Request::any_status_body). The view lives until the next call. After an error the
  // exchange is of no more use. Errors: Tls, Timeout, Truncated, Limit, Format; their texts begin
  // with the service's authority.
  virtual async::Task<Result<std::string_view>> read(async::Scope& scope) = 0;
  // Whether the body has been read to its end, which read() would tell by an empty block. True: the
  // exchange is over, and the view of its last block, too.
  virtual bool endIfWhole() = 0;
};

// Sends requests to the one service that it stands for. On one loop.
class HttpClient {
 public:
  using Started = Result<std::unique_ptr<HttpExchange>>;

  virtual ~HttpClient() = default;
  // Returns when the head of the answer has come. Any status is an answer, not an error. `request`
  // must live until then. Errors: Resolve, Connect, Tls, Timeout (also of a scope that was
  // cancelled), Truncated, Limit, Format (not HTTP).
  virtual async::Task<Started> send(const Request& request, async::Scope& scope) = 0;
};

}  // namespace postern::upstream
