#include "base/thread_group.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace postern {

bool ThreadGroup::start(Job work) {
  if (ended_) return false;
  try {
    for (auto& thread : left_) thread.join();
    left_.clear();
    threads_.emplace_back(std::move(work));
    return true;
  } catch (const std::system_error& failure) {
    log::warn("no thread " + std::string(purpose_) + ", waiting for another to end",
              {{"threads", threads_.size()}, {"error", failure.code().message()}});
    return false;
  }
}

bool ThreadGroup::leave() {
  const auto self = std::find_if(threads_.begin(), threads_.end(), [](const std::thread& thread) {
    return thread.get_id() == std::this_thread::get_id();
  });
  if (self == threads_.end()) return false;
  left_.push_back(std::move(*self));
  threads_.erase(self);
  return true;
}

std::vector<std::thread> ThreadGroup::end() {
  ended_ = true;
  auto all = std::exchange(threads_, {});
  std::move(left_.begin(), left_.end(), std::back_inserter(all));
  left_.clear();
  return all;
}

}  // namespace postern
