#pragma once

#include <boost/intrusive/set.hpp>

#include "base/clock.h"

namespace postern::async {

// A callback of a loop at a given time. It leaves the loop when it is destroyed.
class Timer {
 public:
  Timer() = default;
  virtual ~Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Called at the time or later, once for each Loop::at(), on the loop's thread.
  virtual void fire() = 0;
  // When it fires; requires armed().
  SteadyTime at() const { return at_; }
  bool armed() const { return in_loop_.is_linked(); }
  void disarm() { in_loop_.unlink(); }

 private:
  friend class Timers;
  using Hook =
      boost::intrusive::set_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  SteadyTime at_;
  Hook in_loop_;
};

// The armed timers of a loop, the earliest first. Not thread-safe.
class Timers {
 public:
  // Arms it, or moves it.
  void set(Timer& timer, SteadyTime at) {
    timer.in_loop_.unlink();
    timer.at_ = at;
    set_.insert(timer);
  }
  // SteadyTime::max() without timers.
  SteadyTime next() const { return set_.empty() ? SteadyTime::max() : set_.begin()->at_; }
  // Fires the timers whose time has come.
  void fire(SteadyTime now) {
    while (!set_.empty() && set_.begin()->at_ <= now) {
      Timer& timer = *set_.begin();
      timer.in_loop_.unlink();
      timer.fire();
    }
  }

 private:
  struct Earlier {
    bool operator()(const Timer& a, const Timer& b) const { return a.at_ < b.at_; }
  };
  boost::intrusive::multiset<
      Timer, boost::intrusive::member_hook<Timer, Timer::Hook, &Timer::in_loop_>,
      boost::intrusive::compare<Earlier>, boost::intrusive::constant_time_size<false>>
      set_;
};

}  // namespace postern::async
