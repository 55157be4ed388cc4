#pragma once

#include <Poco/Net/StreamSocket.h>

#include <atomic>
#include <functional>
#include <vector>

#include "base/mutex.h"

namespace postern::async {

using Work = std::function<void()>;

// Work that other threads post to a loop. It may outlive the loop: work posted later is dropped.
// Thread-safe, except for take(), ready() and close(), which belong to the loop.
class Inbox {
 public:
  // Throws Poco::Exception without a free descriptor.
  Inbox();

  // Runs `work` soon, on the thread of the loop. Returns false and drops it when the loop is gone.
  // `work` must not throw.
  bool post(Work work);
  // All work posted since the last call, in order.
  std::vector<Work> take();
  // Whether take() would return work.
  bool full() const { return full_; }
  // Readable when there is work.
  const Poco::Net::Socket& ready() const { return ready_; }
  void close();

 private:
  Poco::Net::Socket ready_;
  std::atomic<bool> full_{false};
  Mutex mutex_;
  std::vector<Work> work_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace postern::async
