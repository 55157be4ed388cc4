#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "tls/terms.h"

namespace postern::upstream {

// How a request goes to the service.
struct Way {
  bool kept = false;  // on a connection that has carried an earlier one
  tls::Terms terms;   // of that connection
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
  bool any_status_body = false;  // deliver the body of every answer, not only of a 200
  bool once = false;  // a login: on a fresh connection, never sent twice, never redirected
  bool follow_redirects = false;      // to the same scheme, host and port, at most 5
  std::optional<Way>* way = nullptr;  // where to write how it went at last, also when it failed
};

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  // The begin of a body that was not delivered, where it may say why the request was refused.
  std::string excerpt = {};

  // Of the first header of that name (lower case); empty when there is none.
  std::string_view header(std::string_view name) const;
};

// Called with decoded body bytes as they come, in blocks of up to 64 KiB and more; an error ends
// the exchange and is returned by it. The view dies with the call.
using OnBody = std::function<Result<void>(std::string_view block)>;
// Called once before the body; an error ends the exchange.
using OnHead = std::function<Result<void>(const Response&)>;

// One HTTP request and its answer, to the one service this object stands for. Thread-safe.
class Exchange {
 public:
  virtual ~Exchange() = default;
  // Errors: Resolve, Connect, Tls, Timeout, Truncated, Limit, Format (no HTTP), and what
  // the callbacks return. Any status is a Response and no error. Callbacks may be empty.
  virtual Result<Response> exchange(const Request& request, Deadline deadline,
                                    const OnHead& on_head, const OnBody& on_body) = 0;
};

}  // namespace postern::upstream
