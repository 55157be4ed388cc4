#include "app/program.h"

#include "app/memory_trim.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/detached_thread.h"
#include "base/log.h"

namespace postern::app {

void Part::initialize(Poco::Util::Application& /*application*/) noexcept {
  if (program_.failed_) return;
  program_.failed_ = start();
  started_ = !program_.failed_;
}

void Part::reinitialize(Poco::Util::Application& /*application*/) noexcept {
  if (started_) reload();
}

void Part::uninitialize() noexcept {
  if (started_ && !stop()) program_.hangs_ = true;
  started_ = false;
}

FaultHandlers::FaultHandlers() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], nullptr, &actions_[i]);
}

void FaultHandlers::restore() const {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &actions_[i], nullptr);
}

Program::Program(std::string name) : name_(std::move(name)) {
  restore();             // Poco would turn a crash into SIGABRT
  subsystems().clear();  // Poco's logging
}

Program::~Program() {
  while (!subsystems().empty()) subsystems().pop_back();
}

int Program::run() {
  signals_ = blockSignals();
  initialize(*this);
  const int code = failed_ ? *failed_ : main({});
  uninitialize();
  if (!failed_) log::info(name_ + " has stopped");
  // Does not wait for threads that are blocked by a hanging peer.
  if (hangs_) exitNow(code);
  return code;
}

int Program::main(const std::vector<std::string>& /*arguments*/) {
  giveBackMemory();  // memory of the start
  MemoryTrim trim(std::chrono::steady_clock::now());
  while (true) {
    const int signal = waitForSignal(signals_, kPollInterval);
    if (signal == SIGTERM || signal == SIGINT) {
      log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      return 0;
    }
    if (signal == SIGHUP) reinitialize(*this);
    poll();
    if (trim.isDue(scrapes(), std::chrono::steady_clock::now())) giveBackMemory();
  }
}

void Program::poll() {
  for (auto& subsystem : subsystems()) dynamic_cast<Part&>(*subsystem).poll();
}

std::uint64_t Program::scrapes() {
  std::uint64_t sum = 0;
  for (auto& subsystem : subsystems()) sum += dynamic_cast<Part&>(*subsystem).scrapes();
  return sum;
}

}  // namespace postern::app
