#pragma once

#include <cstddef>
#include <string_view>
#include <thread>
#include <vector>

#include "base/job.h"

namespace postern {

// Threads that come when there is work for them and go when there is none. One that ends says so
// before, so that it is counted no longer; it is joined when the next one starts, or by whoever
// ends them all, which has to be done before this object goes. None is detached: one that still
// frees what OpenSSL keeps for it while the process exits would find OpenSSL gone. Not thread-safe.
class Crew {
 public:
  // `purpose` goes on with "no thread" in the log; a literal.
  explicit Crew(std::string_view purpose) : purpose_(purpose) {}
  // How many have not left.
  std::size_t size() const { return threads_.size(); }
  // One more, which does `work`. Returns false after end(), and when there is none to be had.
  bool start(Job work);
  // By one of them that ends now. Returns false when it must not, as end() has given it away.
  bool leave();
  // All that have not been joined, for the caller to join; no other is started.
  [[nodiscard]] std::vector<std::thread> end();

 private:
  const std::string_view purpose_;
  std::vector<std::thread> threads_;
  std::vector<std::thread> left_;  // have ended, or are about to
  bool ended_ = false;
};

}  // namespace postern
