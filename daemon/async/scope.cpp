#include "async/scope.h"

#include <algorithm>

#include "async/loop.h"

namespace postern::async {

// The first wake-up decides. Later ones find the wait outside of its scope's list.
void Wait::wake(bool came) {
  if (!in_scope.is_linked()) return;
  came_ = came;
  in_scope.unlink();
  in_source.unlink();
  scope_.loop().ready(*this);
}

bool Wait::refused() const {
  return scope_.ended();
}

void Wait::suspend(std::coroutine_handle<> task) {
  task_ = task;
  scope_.add(*this);
}

Scope::Scope(Loop& loop, SteadyTime deadline) : loop_(loop), deadline_(deadline) {}

Scope::Scope(Scope& outer, SteadyTime deadline)
    : loop_(outer.loop_), outer_(&outer), deadline_(deadline) {
  if (outer.ended()) {
    end_ = outer.end_;
  } else {
    outer.inner_.push_back(*this);
  }
}

Scope::~Scope() = default;

bool Scope::ended() {
  if (end_ != ScopeEnd::None) return true;
  const SteadyTime at = deadline();
  if (at != SteadyTime::max() && loop_.now() >= at) finish(ScopeEnd::Deadline);
  return end_ != ScopeEnd::None;
}

SteadyTime Scope::deadline() const {
  SteadyTime at = deadline_;
  for (const Scope* scope = outer_; scope != nullptr; scope = scope->outer_)
    at = std::min(at, scope->deadline_);
  return at;
}

// An inner scope arms its own timer by the earliest of all deadlines around it. If this deadline
// moves later, that timer checks again when it fires. If it moves earlier, this scope's timer ends
// the inner scope.
void Scope::setDeadline(SteadyTime deadline) {
  deadline_ = deadline;
  if (end_ == ScopeEnd::None && (!waits_.empty() || !inner_.empty())) arm();
}

void Scope::arm() {
  const SteadyTime at = deadline();
  if (at == SteadyTime::max() || (armed() && Timer::at() <= at)) return;
  loop_.at(*this, at);
}

void Scope::add(Wait& wait) {
  waits_.push_back(wait);
  arm();
}

void Scope::fire() {
  if (loop_.now() >= deadline()) return finish(ScopeEnd::Deadline);
  if (!waits_.empty() || !inner_.empty()) arm();
}

void Scope::finish(ScopeEnd end) {
  if (end_ != ScopeEnd::None) return;
  end_ = end;
  while (!waits_.empty()) waits_.front().wake(false);
  while (!inner_.empty()) {
    Scope& inner = inner_.front();
    inner_.pop_front();
    inner.finish(end);
  }
}

}  // namespace postern::async
