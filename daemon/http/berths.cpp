#include "http/berths.h"

#include <algorithm>
#include <utility>

namespace postern::http {

Berths::Berth& Berths::take(Roster::Entry& entry, SteadyTime deadline) {
  const auto free = std::find_if(berths_.begin(), berths_.end(),
                                 [](const Berth& berth) { return berth.entry == nullptr; });
  Berth& berth = free == berths_.end() ? berths_.emplace_back() : *free;
  berth.entry = &entry;
  berth.deadline = deadline;
  ++taken_;
  return berth;
}

Roster::Entry* Berths::leave(Berth& berth) {
  if (berth.entry != nullptr) --taken_;
  return std::exchange(berth.entry, nullptr);
}

Roster::Entry* Berths::overdue(SteadyTime now) {
  for (auto& berth : berths_) {
    if (berth.entry != nullptr && berth.deadline <= now) return leave(berth);
  }
  return nullptr;
}

std::optional<SteadyTime> Berths::nextDeadline() const {
  std::optional<SteadyTime> next;
  if (taken_ == 0) return next;
  for (const auto& berth : berths_) {
    if (berth.entry == nullptr) continue;
    next = next ? std::min(*next, berth.deadline) : berth.deadline;
  }
  return next;
}

}  // namespace postern::http
