#pragma once

#include <mutex>
#include <string>

#include "credentials/source.h"

namespace postern::testing {

// A source of credentials whose answer the test sets. The test's state outlives it. Thread-safe.
struct SourceState {
  std::mutex mutex;
  Result<credentials::Credential> answer = Error{Fault::NoCredential, "nothing is mounted", "", {}};
  int loads = 0;
  std::chrono::milliseconds patience{0};  // passed to the last load
  bool moved = false;                     // until the next load

  void gives(const std::string& username, const std::string& password) {
    const std::lock_guard lock(mutex);
    answer = credentials::Credential{username, Secret(password), {}, {}, ""};
  }
  void givesToken(const std::string& token) {
    const std::lock_guard lock(mutex);
    answer = credentials::Credential{"", {}, {}, Secret(token), ""};
  }
  void fails(Fault fault) {
    const std::lock_guard lock(mutex);
    answer = Error{fault, "made to fail", "", {}};
  }
};

class FakeSource final : public credentials::Source {
 public:
  explicit FakeSource(SourceState& state) : state_(state) {}
  Result<credentials::Credential> load(Deadline deadline) override {
    const std::lock_guard lock(state_.mutex);
    state_.patience = remaining(deadline);
    ++state_.loads;
    state_.moved = false;
    return state_.answer;
  }
  bool moved() const override {
    const std::lock_guard lock(state_.mutex);
    return state_.moved;
  }
  std::string_view name() const override { return "file"; }

 private:
  SourceState& state_;
};

}  // namespace postern::testing
