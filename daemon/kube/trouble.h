#pragma once

#include <string>

#include "base/result.h"

namespace postern::kube {

// Logs that something goes wrong when that begins or its cause changes, and that it is over; not at
// every try. One thread.
class Trouble {
 public:
  // `what` begins the line of the log; `next`: what happens until it is over.
  Trouble(std::string what, std::string next);

  void note(const Result<void>& tried);

 private:
  const std::string what_;
  const std::string next_;
  std::string now_;  // the error that was logged last; empty: all is well
};

}  // namespace postern::kube
