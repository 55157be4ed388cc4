#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::kube {

// Logs that something goes wrong when that begins or its cause changes, and that it is over; not at
// every try. One thread.
class Trouble {
 public:
  // `what` begins the line of the log.
  explicit Trouble(std::string what);

  // `next`: what happens until it is over.
  void note(const Result<void>& tried, std::string_view next);

 private:
  const std::string what_;
  std::string now_;  // the error that was logged last; empty: all is well
};

}  // namespace postern::kube
