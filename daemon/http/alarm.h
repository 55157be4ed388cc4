#pragma once

#include <optional>

#include "base/clock.h"
#include "http/descriptor.h"

namespace postern::http {

// Rings when the first of the deadlines has come that it was told of, and perhaps once before.
// Not thread-safe.
class Alarm {
 public:
  Alarm();

  // Can be read, by an edge-triggered epoll, when it rings.
  int descriptor() const { return timer_.number(); }
  // Costs next to nothing when it rings before that anyhow.
  void ringBy(SteadyTime deadline);
  // It has rung: it knows of no deadline any more.
  void rang() { rings_at_.reset(); }

 private:
  const Descriptor timer_;
  std::optional<SteadyTime> rings_at_;
};

}  // namespace postern::http
