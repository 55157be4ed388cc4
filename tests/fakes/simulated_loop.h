#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <stdexcept>
#include <vector>

#include "async/loop.h"
#include "async/poller.h"
#include "fakes/fake_clock.h"

namespace postern::testing {

// The test makes sockets ready. Waiting takes no time: the clock jumps to the next timer.
class SimulatedPoller final : public async::Poller {
 public:
  explicit SimulatedPoller(FakeClock& clock) : clock_(clock) {}

  void add(const Poco::Net::Socket& socket, int mode) override { wanted_[socket] = mode; }
  void update(const Poco::Net::Socket& socket, int mode) override { wanted_[socket] = mode; }
  void remove(const Poco::Net::Socket& socket) override { wanted_.erase(socket); }
  Modes poll(std::chrono::milliseconds patience) override {
    ++polls;
    Modes ready;
    for (const auto& [socket, mode] : ready_) {
      const auto wanted = wanted_.find(socket);
      const int told = wanted == wanted_.end() ? 0 : mode & (wanted->second | kError);
      if (told != 0) ready[socket] = told;
    }
    if (!ready.empty() || patience.count() == 0) return ready;
    if (patience.count() < 0)
      throw std::logic_error("every task waits for an event that never happens");
    clock_.advance(patience);
    return ready;
  }

  // From now on; 0: no longer.
  void setReady(const Poco::Net::Socket& socket, int mode) {
    if (mode == 0) {
      ready_.erase(socket);
    } else {
      ready_[socket] = mode;
    }
  }
  // The events of the socket that the loop waits for.
  int wanted(const Poco::Net::Socket& socket) const {
    const auto found = wanted_.find(socket);
    return found == wanted_.end() ? 0 : found->second;
  }

  int polls = 0;

 private:
  FakeClock& clock_;
  Modes wanted_;
  Modes ready_;
};

// The dependencies of a simulated loop: destroyed after it.
struct SimulatedParts {
  FakeClock fake_clock;
  SimulatedPoller simulated_poller{fake_clock};
};

// A loop without system sockets. Its clock advances only while all its tasks wait. `choices`
// selects among ready tasks, so that a test can run every order.
class SimulatedLoop final : private SimulatedParts, public async::Loop {
 public:
  // `choices`: the index of the next task, each time that several tasks are ready.
  explicit SimulatedLoop(std::vector<std::size_t> choices = {})
      : Loop(simulated_poller, fake_clock), choices_(std::move(choices)) {}

  FakeClock& fakeClock() { return fake_clock; }
  SimulatedPoller& poller() { return simulated_poller; }
  // The number of ready tasks at each choice.
  const std::vector<std::size_t>& widths() const { return widths_; }

 private:
  std::size_t choose(std::size_t ready) override {
    if (ready < 2) return 0;
    const std::size_t choice = widths_.size() < choices_.size() ? choices_[widths_.size()] : 0;
    widths_.push_back(ready);
    return choice;
  }

  std::vector<std::size_t> choices_;
  std::vector<std::size_t> widths_;
};

// Calls `run` with a new loop for every order in which its tasks can be resumed, for at most `most`
// orders. Returns the number of orders.
template <typename Run>
int inEveryOrder(Run run, int most = 10'000) {
  std::vector<std::size_t> choices;
  for (int orders = 1;; ++orders) {
    if (orders > most) throw std::logic_error("there are too many orders");
    SimulatedLoop loop(choices);
    run(loop);
    auto widths = loop.widths();
    choices.resize(widths.size());
    while (!choices.empty() && choices.back() + 1 >= widths.back()) {
      choices.pop_back();
      widths.pop_back();
    }
    if (choices.empty()) return orders;
    ++choices.back();
  }
}

}  // namespace postern::testing
