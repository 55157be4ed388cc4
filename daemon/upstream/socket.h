#pragma once

#include "base/clock.h"

namespace postern::upstream {

// Waits until one of the poll(2) `events` (or an error) is there; false when the deadline
// came first.
bool waitFor(int fd, short events, Deadline deadline);

}  // namespace postern::upstream
