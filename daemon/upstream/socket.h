#pragma once

#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "upstream/resolver.h"

namespace postern::upstream {

// Waits until one of the poll(2) `events` (or an error) is there; false when the deadline
// came first.
bool waitFor(int fd, short events, Deadline deadline);

struct Dialled {
  Descriptor socket;  // non-blocking, TCP_NODELAY
  Address address;
};

// A TCP connection to the first address that takes one, tried in their order; each gets an
// equal share of the time that is left. `authority` is how messages call the service.
// Errors: Connect (every address with what the system said), Timeout.
Result<Dialled> dial(const std::string& authority, const std::vector<Address>& addresses,
                     Deadline deadline);

}  // namespace postern::upstream
