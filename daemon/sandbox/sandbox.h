#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sandbox/lock.h"

namespace postern::sandbox {

using Path = std::filesystem::path;

// What the process may open from now on, besides what the libraries need.
struct Files {
  // A folder is admitted with all that is below it, a file with its whole folder: what is renewed
  // is another file of the same name.
  std::vector<Path> readable;
  Path writable;  // a folder; empty: none
};

// What was put in force: no_new_privs, a filter of system calls, and rules for files. Each of the
// two locks is applied where the kernel has it. Constant after construction, so readable by any
// thread.
class Sandbox {
 public:
  // None: nothing is refused.
  Sandbox() = default;
  // Confines this process for good. Requires that no thread runs but the caller's.
  explicit Sandbox(const Files& files);

  const Lock& seccomp() const { return seccomp_; }
  const Lock& landlock() const { return landlock_; }
  // Both are in force, as far as the kernel has them. It always has seccomp.
  bool whole() const;
  // Folders that are missing, and what was done about it: a line each, for people.
  const std::vector<std::string>& remarks() const { return remarks_; }

  // Whether the rules for files let this one be read, or would if it was there.
  bool admits(const Path& file) const;
  // System calls that were refused so far.
  static std::uint64_t refusedCalls();

 private:
  void admit(const Path& named);

  Lock seccomp_;
  Lock landlock_;
  std::vector<Path> admitted_;  // canonical
  std::vector<std::string> remarks_;
};

}  // namespace postern::sandbox
