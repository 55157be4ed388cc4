#include "upstream/socket.h"

#include <poll.h>

#include <algorithm>
#include <limits>

namespace postern::upstream {
namespace {

constexpr std::chrono::milliseconds kLongest{
    std::numeric_limits<int>::max()};  // that poll(2) takes

}  // namespace

bool waitFor(int fd, short events, Deadline deadline) {
  for (;;) {
    pollfd wanted{fd, events, 0};
    const int ready =
        poll(&wanted, 1, static_cast<int>(std::min(remaining(deadline), kLongest).count()));
    if (ready > 0) return true;
    if (remaining(deadline).count() == 0) return false;
  }
}

}  // namespace postern::upstream
