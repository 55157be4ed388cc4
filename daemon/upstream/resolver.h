#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "async/scope.h"
#include "async/task.h"
#include "base/result.h"

namespace postern::upstream {

struct ResolvedAddress {
  sockaddr_storage storage;
  socklen_t length;
  std::string text() const;  // "127.0.0.1:443", "[::1]:443"
};

// Looks up the addresses of names (DNS) with a deadline, which getaddrinfo(3) does not support. The
// lookup runs on a thread of its own, at most one per name. Tasks that wait for it leave when their
// scope ends. Numeric hosts and `localhost` (127.0.0.1, then ::1; RFC 6761 section 6.3) need no
// lookup. Thread-safe: tasks of several loops may share it.
class Resolver {
 public:
  Resolver();
  ~Resolver();  // does not wait for a lookup that hangs
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Errors: Resolve (unknown name, with the name), Timeout. The resolver must outlive the task.
  async::Task<Result<std::vector<ResolvedAddress>>> resolve(std::string host, std::uint16_t port,
                                                            async::Scope& scope);

 private:
  struct Lookups;
  std::shared_ptr<Lookups> lookups_;  // shared with the threads of the lookups
};

}  // namespace postern::upstream
