#include "async/group.h"

#include <exception>
#include <iterator>
#include <typeinfo>
#include <utility>

#include "base/log.h"

namespace postern::async {

Group::~Group() = default;

void Group::add(Task<> task) {
  idle_.reset();
  waiting_.push_back(std::move(task));
  startWaiting();
}

// A loop instead of a recursion: a task may end before its first wait, and then calls this again.
void Group::startWaiting() {
  if (starting_) return;
  starting_ = true;
  while (!waiting_.empty() && running_.size() < bound_) {
    Member& member = running_.emplace_back(*this, std::move(waiting_.front()));
    waiting_.pop_front();
    member.self_ = std::prev(running_.end());
    member.start();
  }
  starting_ = false;
}

// Called at the end of a task. Nothing may use the task afterwards.
void Group::ended(Member& member) {
  if (const auto exception = member.task_.exception()) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& failure) {
      log::error("an exception ended a task", {{"type", typeid(failure).name()}});
    } catch (...) {
      log::error("an exception ended a task");
    }
  }
  running_.erase(member.self_);
  startWaiting();
  if (size() == 0) idle_.set();
}

}  // namespace postern::async
