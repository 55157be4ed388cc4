#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace postern::session {

// What has to survive a restart, so that a crash loop is no login loop. Never a secret
// or a token.
struct SavedState {
  std::string salt;                    // of the fingerprint; random, made with the file
  std::string fingerprint;             // of the credential that failed last; empty: none did
  Fault fault = Fault::LoginRejected;  // why we wait
  int rejections = 0;                  // in a row
  SystemTime next_attempt;             // epoch: at once
  bool never = false;                  // no attempt until the credential changes
  std::vector<SystemTime>
      releases;  // when a changed credential ended a wait, at most the last three
};

// One JSON file per target in --state.dir, replaced whole. Without a folder it only makes
// the salt. Not thread-safe.
class StateFile {
 public:
  // `folder` may be empty. A file that is missing or unreadable gives a fresh state and is
  // logged, unless it is simply not there.
  StateFile(const std::filesystem::path& folder, const std::string& target);

  const SavedState& loaded() const { return loaded_; }
  // Failures are logged once until a save goes well again; the process goes on without.
  void save(const SavedState& state);

 private:
  std::filesystem::path path_;  // empty: nowhere
  std::string target_;
  SavedState loaded_;
  bool failing_ = false;
};

}  // namespace postern::session
