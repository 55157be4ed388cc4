#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace postern::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// One request, whole.
struct Request {
  std::string method;
  std::string path;       // percent-decoded, without the query
  std::string query;      // as it came, without the question mark
  Headers headers;        // names in lower case
  std::string body = {};  // empty unless the site takes bodies

  // Of the first header of that name (lower case); empty when there is none.
  std::string_view header(std::string_view name) const;
};

struct ResponseHead {
  int status = 200;
  std::string reason;  // empty: the usual one of the status
  std::string content_type = "text/plain; charset=utf-8";
  Headers headers;  // further ones; framing, Date and Content-Encoding are the sink's
};

// Where a handler puts its answer: either send(), or begin(), write() as often as it
// likes, and then finish() or abort(). What a HEAD request is answered has no body,
// whatever the handler writes. gzip is the sink's business: it is applied when the client asked for
// it.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  virtual void send(const ResponseHead& head, std::string_view body) = 0;
  // The three return false when the client has gone or was too slow.
  virtual bool begin(const ResponseHead& head) = 0;
  virtual bool write(std::string_view block) = 0;
  virtual bool finish() = 0;
  // Closes the connection without the final chunk, so that half a page never ends like a whole one.
  virtual void abort() = 0;
  // How long the answer has waited for a slow client in all. The three are thread-safe, as long as
  // the sink lives.
  virtual std::chrono::milliseconds waited() const { return {}; }
  // Whether the client has closed its connection; false when that is not known.
  virtual bool clientGone() const { return false; }
  // Ends the connection: nothing waits for its client any more, and the three return false.
  virtual void disconnect() {}
};

// Called on a worker's thread, several at a time.
using Handler = std::function<void(const Request&, ResponseSink&)>;

}  // namespace postern::http
