#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace postern::session {

// The state that survives a restart, so that a crash loop does not become a login loop. Never a
// secret or a token.
struct SavedState {
  std::string salt;                    // of the fingerprint; random, made together with the file
  std::string fingerprint;             // of the credential that failed last; empty: no failure
  Fault fault = Fault::LoginRejected;  // the reason of the wait
  int rejections = 0;                  // in a row
  SystemTime next_attempt;             // epoch: immediately
  bool never = false;                  // no attempt until the credential changes
  std::vector<SystemTime>
      releases;  // times when a changed credential ended a wait, at most the last three
};

// One JSON file per target in --state.dir. A thread of its own replaces it as a whole, because the
// folder may be on a volume that hangs. Without a folder it only makes the salt. Thread-safe except
// for its construction.
class StateFile {
 public:
  // `folder` may be empty. A missing or unreadable file results in a fresh state. An unreadable one
  // is logged.
  StateFile(const std::filesystem::path& folder, const std::string& target);
  StateFile(StateFile&&) = default;
  StateFile& operator=(StateFile&&) = delete;
  // Waits for at most a second until everything is written.
  ~StateFile();

  const SavedState& loaded() const { return loaded_; }
  // Returns immediately. The file will contain the state that was saved last. A failure is logged,
  // and the next one after a success.
  void save(const SavedState& state);
  class Flush;
  // Waits until the saved state is in the file, on a thread that may block.
  Flush flush() const;

 private:
  struct Writer;

  // Returns why the file cannot be used; empty when it is used, or missing.
  std::string load(const std::filesystem::path& file);

  std::shared_ptr<Writer> writer_;  // null without a folder, and after a move
  SavedState loaded_;
};

// Copies may be used on any thread, and may outlive the StateFile.
class StateFile::Flush {
 public:
  // False without a folder: then wait() returns immediately.
  bool needed() const { return writer_ != nullptr; }
  // Blocks until the saved state is in the file or the write has failed. Blocks at most a second
  // and then logs that, because no login waits longer for a folder. Returns whether it ended
  // before.
  bool wait() const;

 private:
  friend class StateFile;
  explicit Flush(std::shared_ptr<Writer> writer) : writer_(std::move(writer)) {}

  std::shared_ptr<Writer> writer_;
};

inline StateFile::Flush StateFile::flush() const {
  return Flush(writer_);
}

}  // namespace postern::session
