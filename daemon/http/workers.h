#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "http/descriptor.h"

namespace postern::http {

// The threads that connections run on. Each is started when it is first needed and then stays.
// Thread-safe.
class Workers {
 public:
  using Run = std::function<void(Descriptor)>;  // called on a worker; returns when it has ended

  // At most `most` threads, at least one.
  Workers(std::size_t most, Run run);
  ~Workers() { join(); }

  // What finds no thread waits for one, first come first served.
  void push(Descriptor connection);
  // Closes what waits; from now on nothing more is run.
  void stop();
  // After stop(). Returns when what was running has ended.
  void join();

 private:
  void startThread();
  void work();

  const std::size_t most_;
  const Run run_;
  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<Descriptor> waiting_;
  std::size_t free_ = 0;  // threads that wait for a connection
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace postern::http
