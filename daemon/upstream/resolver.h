#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace postern::upstream {

struct Address {
  sockaddr_storage storage;
  socklen_t length;
  std::string text() const;  // "127.0.0.1:443", "[::1]:443"
};

// Names to addresses with a deadline, which getaddrinfo(3) does not know: the lookup runs on
// a thread of its own, at most one per name; who waits for it leaves at its own deadline.
// Numeric hosts and `localhost` (127.0.0.1, then ::1; RFC 6761 section 6.3) need no lookup.
// Thread-safe.
class Resolver {
 public:
  Resolver();
  ~Resolver();  // does not wait for a lookup that hangs
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Errors: Resolve (no such name, naming it), Timeout.
  Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port,
                                       Deadline deadline);

 private:
  struct Lookups;
  std::shared_ptr<Lookups> lookups_;  // shared with the threads
};

}  // namespace postern::upstream
