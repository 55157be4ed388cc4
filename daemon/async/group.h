#pragma once

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <deque>
#include <limits>
#include <list>
#include <utility>

#include "async/event.h"
#include "async/scope.h"
#include "async/task.h"

namespace postern::async {

// Tasks that run concurrently on one loop: the pages of a target, the members of a set, the
// connections of a listener. At most `bound` of them run; the others wait in order. The group
// destroys tasks that have not ended. An exception that leaves a task is logged, and ends only that
// task.
class Group {
 public:
  explicit Group(std::size_t bound = std::numeric_limits<std::size_t>::max()) : bound_(bound) {
    idle_.set();
  }
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // Runs the task to its first wait immediately if fewer than `bound` run.
  void add(Task<> task);
  // Number of tasks that have not ended.
  std::size_t size() const { return running_.size() + waiting_.size(); }
  // `co_await`: true when all tasks have ended, also those added meanwhile; false when the scope
  // ended first.
  [[nodiscard]] Event::Waiting join(Scope& scope) { return idle_.wait(scope); }

 private:
  class Member;

  void startWaiting();
  void ended(Member& member);

  const std::size_t bound_;
  bool starting_ = false;
  Event idle_;
  std::list<Member> running_;
  std::deque<Task<>> waiting_;
};

class Group::Member final : private TaskObserver {
 public:
  Member(Group& group, Task<> task) : group_(group), task_(std::move(task)) {
    task_.observeWith(*this);
  }
  void start() { task_.start(); }

 private:
  friend class Group;
  void taskEnded() noexcept override { group_.ended(*this); }

  Group& group_;
  Task<> task_;
  std::list<Member>::iterator self_;
};

}  // namespace postern::async
