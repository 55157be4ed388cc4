#pragma once

#include <Poco/Net/StreamSocket.h>

#include <atomic>
#include <functional>
#include <vector>

#include "base/mutex.h"

namespace postern::async {

using Work = std::function<void()>;

// Work that other threads hand to a loop. It may outlive the loop: what is posted later is dropped.
// Thread-safe, but for take(), ready() and close(), which are the loop's.
class Inbox {
 public:
  // Throws Poco::Exception without a free descriptor.
  Inbox();

  // Runs `work` on the thread of the loop, soon. Returns false, and drops it, when the loop is
  // gone. `work` must not throw.
  bool post(Work work);
  // All that has come since the last call, in its order.
  std::vector<Work> take();
  // Whether take() would return something.
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
