#pragma once

#include <functional>

namespace postern {

// Lets a thread that others count on be relieved before it is held up. Whoever is about to wait for
// more than a moment, or to compute for more than a millisecond, calls for relief, wherever that
// is: the thread's owner knows what to do, and most threads have nobody who counts on them.
class Relief {
 public:
  // `relieve` is called on this thread by each call() as long as this object lives. One at a time.
  explicit Relief(std::function<void()> relieve);
  ~Relief();
  Relief(const Relief&) = delete;
  Relief& operator=(const Relief&) = delete;

  // Debug builds assert that this thread holds no mutex but a LongMutex, and the one that the wait
  // which follows releases, if `released` is 1.
  static void call(int released = 0);

 private:
  const std::function<void()> relieve_;
};

}  // namespace postern
