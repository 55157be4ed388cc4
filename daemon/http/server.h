#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace postern::http {

// The front: listeners, connections, request heads. A thread per connection, at most
// `threads`; further connections wait, and idle ones make room for them.
class Server {
 public:
  struct Options {
    std::size_t threads = 96;
    std::chrono::milliseconds header_timeout{
        10'000};  // from the first byte of a request to the end of its head
    std::chrono::milliseconds idle_timeout{120'000};  // between two requests
    std::chrono::milliseconds write_timeout{30'000};  // for one block to a slow reader
  };

  // `handler` must outlive the server.
  Server(Handler handler, Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens on "host:port", "[v6]:port" or ":port" (IPv4 and IPv6); port 0 picks a free one.
  // Returns the port. Errors: Connect, which says why it cannot listen there.
  Result<std::uint16_t> listen(const std::string& address);
  // No new connections, idle ones close, requests in flight finish within `timeout`.
  // Returns whether all of them did; the others are reset, and their handlers waited for. The
  // server does not listen again after it.
  bool stop(std::chrono::milliseconds timeout);

  std::size_t connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::http
