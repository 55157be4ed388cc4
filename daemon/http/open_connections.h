#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>

#include "base/clock.h"

namespace postern::http {

// The connections that hold a thread, so that idle ones can be let go when others wait or the
// server stops. Thread-safe.
class OpenConnections {
 public:
  enum class Stage : std::uint8_t {
    Fresh,    // nothing has come yet
    Idle,     // between two requests
    Reading,  // a request is coming in
    Busy,     // a request is being answered
  };

  // One connection; it is registered as long as it lives. The descriptor must stay open longer.
  class Entry {
   public:
    Entry(OpenConnections& all, int descriptor);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    // Idle from now on. Returns false when the connection has to go instead.
    [[nodiscard]] bool rest();
    void enter(Stage stage) { stage_ = stage; }

   private:
    friend class OpenConnections;
    OpenConnections& all_;
    const int descriptor_;
    std::atomic<Stage> stage_{Stage::Fresh};
    SteadyTime idle_since_;
  };

  static constexpr std::size_t kMostWaiting = 512;

  // `room`: how many connections there are threads for.
  explicit OpenConnections(std::size_t room) : room_(room) {}

  // Those that hold a thread and those that wait for one.
  std::size_t count() const { return running_ + waiting_; }
  // Whether an answer should be the last of its connection: the server stops, or idle
  // connections would soon take the threads that others need.
  bool lastAnswers() const { return stopping_ || owed_ > 0 || running_ * 4 >= room_ * 3; }
  bool stopping() const { return stopping_; }

  // A connection is about to wait for its thread, and then for its Entry. If there is none left,
  // it gets that of the connection that has been idle for the longest time, or of the next that
  // would become so. A request that has arrived there meanwhile is still answered.
  // Returns false, and expects nothing, when too many wait already.
  [[nodiscard]] bool arrive();
  // From now on connections end as soon as they are not answering.
  void stop();
  // Waits until all have gone. Returns false when there are some left after `timeout`.
  bool waitUntilEmpty(std::chrono::milliseconds timeout);

 private:
  void makeRoom();

  std::mutex mutex_;  // the numbers are written under it, and read without
  std::condition_variable gone_;
  std::set<Entry*> entries_;
  std::atomic<std::size_t> running_{0};
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::size_t> owed_{0};  // threads that no idle connection could be ended for
  std::atomic<bool> stopping_{false};
  const std::size_t room_;
};

}  // namespace postern::http
