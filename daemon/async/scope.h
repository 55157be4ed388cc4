#pragma once

#include <boost/intrusive/list.hpp>

#include <coroutine>
#include <cstdint>

#include "async/timer.h"
#include "base/clock.h"

namespace postern::async {

class Loop;
class Scope;

using AutoUnlink = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;
using ListHook = boost::intrusive::list_member_hook<AutoUnlink>;

// One suspended task, the base of every awaitable of this folder. It is in the list of its scope,
// and in that of its event source. When it is woken, it leaves both and joins the loop's ready
// tasks. It leaves every list when the task is destroyed.
class Wait {
 public:
  explicit Wait(Scope& scope) : scope_(scope) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  // The task continues in this turn or the next. `came`: the event happened; false: its scope
  // ended.
  void wake(bool came);

  ListHook in_source;  // its event source, or the ready tasks of its loop
  ListHook in_scope;

 protected:
  ~Wait() = default;
  // True when the scope has already ended, so the task must not wait.
  bool refused() const;
  void suspend(std::coroutine_handle<> task);
  bool came() const { return came_; }
  void setCame() { came_ = true; }
  Scope& scope() const { return scope_; }

 private:
  friend class Loop;
  Scope& scope_;
  std::coroutine_handle<> task_;
  bool came_ = false;
};

using WaitList =
    boost::intrusive::list<Wait, boost::intrusive::member_hook<Wait, ListHook, &Wait::in_source>,
                           boost::intrusive::constant_time_size<false>>;

enum class ScopeEnd : std::uint8_t { None, Deadline, Cancelled };

// The deadline and the cancellation of a piece of work. Every function that waits takes a Scope&.
// When the scope ends, every wait in it and in its inner scopes returns false immediately, and so
// does every later one. An event that came in the same turn before the end counts as come. Scopes
// nest (request, page, exchange). An inner scope must end before the outer one is destroyed. Only
// on the thread of its loop.
class Scope final : private Timer {
 public:
  // `loop` and `outer` must outlive the scope.
  explicit Scope(Loop& loop, SteadyTime deadline = SteadyTime::max());
  explicit Scope(Scope& outer, SteadyTime deadline = SteadyTime::max());
  ~Scope() override;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  Loop& loop() const { return loop_; }
  // Also true when the deadline has passed and no timer has fired yet.
  bool ended();
  ScopeEnd end() const { return end_; }
  void cancel() { finish(ScopeEnd::Cancelled); }
  // The earliest of its own deadline and those around it.
  SteadyTime deadline() const;
  // Moves its own deadline. Has no effect on a scope that has ended.
  void setDeadline(SteadyTime deadline);

 private:
  friend class Wait;
  using Waits =
      boost::intrusive::list<Wait, boost::intrusive::member_hook<Wait, ListHook, &Wait::in_scope>,
                             boost::intrusive::constant_time_size<false>>;

  void fire() override;
  void finish(ScopeEnd end);
  void arm();
  void add(Wait& wait);

  Loop& loop_;
  Scope* const outer_ = nullptr;
  SteadyTime deadline_;
  ScopeEnd end_ = ScopeEnd::None;
  ListHook in_outer_;
  Waits waits_;
  boost::intrusive::list<Scope, boost::intrusive::member_hook<Scope, ListHook, &Scope::in_outer_>,
                         boost::intrusive::constant_time_size<false>>
      inner_;
};

}  // namespace postern::async
