#include "base/relief.h"

#include <utility>

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

void Relief::call() {
  if (current != nullptr) (*current)();
}

}  // namespace postern
