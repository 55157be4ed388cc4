#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

// The behavior of the fake service from now on. Lists of paths are separated by commas; "*" is
// every guarded path.
struct Behaviour {
  std::string user = "admin";
  std::string password = "Look-alike1";
  std::chrono::seconds token_life = std::chrono::hours(7 * 24);
  bool default_password = false;  // the login requires new_password: 401, code 1024
  bool html_rejection = false;    // a wrong password gets an HTML page instead of an empty body
  int max_bad_logins = 0;         // this many in a window throttle the address; 0: no rate limit
  std::chrono::seconds limiter_window{60};
  std::string forbidden;            // paths that the account's role may not read: 403, code 1005
  std::string api_key;              // empty: API keys are accepted nowhere
  std::string api_key_paths = "*";  // elsewhere a valid key gets 403
  bool core_up = true;
  bool multiconnect = false;
  bool empty_maps = false;  // `[]` instead of `{}`
  bool unescaped_label =
      false;  // one sample whose label value needs escaping; the text format does not escape it
  std::string health = "single";  // single, multi, disconnected, errors or no_role
  std::chrono::milliseconds health_delay{0};
  bool client_certificate = true;  // whether new connections must present one
};

// False if the key is unknown, or the value has the wrong type. Durations are in seconds,
// optionally with a fraction; booleans are `true` or `false`.
bool set(Behaviour& behaviour, std::string_view key, const std::string& value);

// The failure of one path, for every request. With a status, raw bytes or a reset the request ends
// there: the fake service checks neither login nor token. Otherwise unset members leave its normal
// answer unchanged.
struct Provocation {
  std::optional<int> status;
  std::optional<std::string> body;
  std::optional<std::string> content_type;
  std::vector<std::pair<std::string, std::string>> headers;  // added to the answer's
  std::optional<std::string> raw;       // sent instead of an HTTP answer, then closed
  std::size_t megabytes = 0;            // at least this many MiB of text samples follow the body
  bool gzip = false;                    // Content-Encoding: gzip
  bool chunked = false;                 // instead of Content-Length
  bool reset = false;                   // the connection, before any answer
  std::optional<std::size_t> truncate;  // close after this many bytes of the announced body
  std::chrono::milliseconds stall{0};   // silence before the answer
  std::chrono::milliseconds stall_body{0};  // silence after the first half of the body
  int times = -1;                           // for this many requests; below 0: for all

  bool replacesAnswer() const { return status || raw || reset; }
};

// Like set() for Behaviour; `header` is "Name: value" and adds one.
bool set(Provocation& provocation, std::string_view key, const std::string& value);

struct Counters {
  std::uint64_t logins =
      0;  // requests to the login, and so on: each one is accepted, rejected or throttled
  std::uint64_t good_logins = 0;
  std::uint64_t bad_logins = 0;
  std::uint64_t throttled_logins = 0;
  std::uint64_t logouts = 0;
  std::uint64_t rejected_requests = 0;            // guarded ones without a valid token or key
  std::map<std::string, std::uint64_t> requests;  // by path
  std::uint64_t connections = 0;                  // accepted, including failed handshakes
  std::uint64_t open_connections = 0;
  std::uint64_t handshakes = 0;  // finished
  std::uint64_t resumed_handshakes = 0;
};

}  // namespace postern::testing
