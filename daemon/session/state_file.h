#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
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

// One JSON file per target in --state.dir, replaced as a whole by a thread of its own: the folder
// may be on a volume that does not answer. Without a folder it only makes the salt. Thread-safe but
// for its construction.
class StateFile {
 public:
  // `folder` may be empty. A file that is missing or that cannot be read gives a fresh state, and
  // is logged unless it is missing.
  StateFile(const std::filesystem::path& folder, const std::string& target);
  StateFile(StateFile&&) = default;
  StateFile& operator=(StateFile&&) = delete;
  // Waits for at most a second until everything is written.
  ~StateFile();

  const SavedState& loaded() const { return loaded_; }
  // Returns at once; the state that was saved last will be in the file. A failure is logged, and
  // the next one after a success.
  void save(const SavedState& state);
  class Flush;
  // The wait until what was saved is in the file, for the thread that may block.
  Flush flush() const;

 private:
  struct Writer;

  // Returns why the file cannot be used; empty when it is used, or missing.
  std::string load(const std::filesystem::path& file);

  std::shared_ptr<Writer> writer_;  // null without a folder, and when moved from
  SavedState loaded_;
};

// Copies may be on any thread, and outlive the file.
class StateFile::Flush {
 public:
  // False without a folder: then wait() returns at once.
  bool needed() const { return writer_ != nullptr; }
  // Blocks until what was saved is in the file, or could not be written; at most a second, after
  // which that is logged: no login waits longer for a folder. Returns whether it ended before.
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
