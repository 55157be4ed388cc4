#pragma once

#include <sys/eventfd.h>

#include <atomic>

#include "http/descriptor.h"

namespace postern::http {

// Ends the waits of other threads, for good: who polls a socket polls descriptor() beside it.
// Thread-safe.
class Interrupt {
 public:
  Interrupt() : event_(::eventfd(0, EFD_CLOEXEC)) {}

  void raise() {
    raised_ = true;
    ::eventfd_write(event_.number(), 1);
  }
  bool raised() const { return raised_; }
  // Readable once raised.
  int descriptor() const { return event_.number(); }

 private:
  Descriptor event_;
  std::atomic<bool> raised_{false};
};

}  // namespace postern::http
