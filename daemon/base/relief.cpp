#include "base/relief.h"

#include <cassert>
#include <utility>

#include "base/held_mutexes.h"

namespace postern {
namespace {

thread_local const std::function<void()>* current = nullptr;

}  // namespace

Relief::Relief(std::function<void()> relieve) : relieve_(std::move(relieve)) {
  current = &relieve_;
}

Relief::~Relief() {
  current = nullptr;
}

void Relief::call([[maybe_unused]] int released) {
  assert(heldMutexes() <= released);
  if (current != nullptr) (*current)();
}

}  // namespace postern
