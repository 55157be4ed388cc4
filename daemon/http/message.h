#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// One complete request.
struct Request {
  std::string method;
  std::string path;       // percent-decoded, without the query
  std::string query;      // as received, without the question mark
  Headers headers;        // names in lower case
  std::string body = {};  // empty unless the service takes bodies

  // Value of the first header of that name (lower case); empty when it is missing.
  std::string_view header(std::string_view name) const;
};

struct ResponseHead {
  int status = 200;
  std::string reason;  // empty: the standard phrase of the status
  std::string content_type = "text/plain; charset=utf-8";
  Headers headers;  // additional headers; the responder adds framing, Date and Content-Encoding
};

// A whole answer. The answer to HEAD has no body, whatever `body` contains.
struct Reply {
  ResponseHead head;
  std::string body;
};

// Thread-safe: whether the client has closed its connection.
using ClientGone = std::function<bool()>;

}  // namespace postern::http
