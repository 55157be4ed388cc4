#pragma once

#include <string>
#include <vector>

#include "async/scope.h"
#include "async/task.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "upstream/resolver.h"

namespace postern::upstream {

struct Dialled {
  Descriptor socket;  // non-blocking, TCP_NODELAY
  ResolvedAddress address;
};

// Opens a TCP connection to the first address that accepts one. Tries the addresses in their order;
// each gets an equal share of the remaining time. `authority` names the service in error texts.
// Errors: Connect (every address with the system's error text), Timeout.
async::Task<Result<Dialled>> dial(std::string authority, std::vector<ResolvedAddress> addresses,
                                  async::Scope& scope);

}  // namespace postern::upstream
