#pragma once

#include <cstddef>
#include <string_view>
#include <thread>
#include <vector>

#include "base/job.h"

namespace postern {

// A group of threads that start and end with the load. A thread that ends calls leave() first, so
// that it no longer counts. It is joined when the next one starts, or by the caller of end(), which
// must be called before this object is destroyed. No thread is detached: it could free its state in
// OpenSSL while the process exits, after OpenSSL itself is freed. Not thread-safe.
class ThreadGroup {
 public:
  // `purpose` follows "no thread" in the log; a literal.
  explicit ThreadGroup(std::string_view purpose) : purpose_(purpose) {}
  // The number of threads that have not left.
  std::size_t size() const { return threads_.size(); }
  // Starts a thread that runs `work`. Returns false after end(), or if the system has no more
  // threads.
  bool start(Job work);
  // Called by a thread of the group before it ends. Returns false if end() has already returned it.
  bool leave();
  // Returns all threads that have not been joined, for the caller to join. No more threads start.
  [[nodiscard]] std::vector<std::thread> end();

 private:
  const std::string_view purpose_;
  std::vector<std::thread> threads_;
  std::vector<std::thread> left_;  // have ended, or are about to
  bool ended_ = false;
};

}  // namespace postern
