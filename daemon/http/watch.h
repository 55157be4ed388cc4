#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace postern::http {

// One of several threads has the watch: it waits for what happens and sees to it, and goes on
// having it as long as nothing holds it up. So a busy server does not wake a thread for each event.
// The one that was relieved last is the next to take over, so that the others may end. Who has the
// watch may call another to help while there is more than one can do. Thread-safe.
class Watch {
 public:
  enum class Turn { None, Watch, Help };

  // One for each thread; others write to it only while it waits in take().
  class Hand {
   public:
    bool has() const { return turn_ == Turn::Watch; }

   private:
    friend class Watch;
    std::condition_variable called_;
    Turn turn_ = Turn::None;
  };

  // Waits for the watch, or to be called; None when neither has come for so long.
  Turn take(Hand& self, std::chrono::milliseconds patience);
  // To whoever waits, or else to the next that comes. Nothing when it is another's already.
  void handOver(Hand& self);
  // One that waits, if there is one.
  void callHelp();

 private:
  bool call(Turn turn);

  std::mutex mutex_;
  std::vector<Hand*> waiting_;  // guarded by mutex_, as is what follows
  bool taken_ = false;
};

}  // namespace postern::http
