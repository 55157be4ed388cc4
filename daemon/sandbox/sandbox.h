#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sandbox/layer.h"

namespace postern::sandbox {

using Path = std::filesystem::path;

// The files that the process may open from now on, in addition to those of the libraries.
struct AllowedFiles {
  // A folder is admitted with everything below it, a file with its whole folder: a renewed file is
  // a new file with the same name.
  std::vector<Path> readable;
  Path writable;  // a folder; may be empty
};

// The applied sandbox: no_new_privs, a filter of system calls (seccomp), and rules for files
// (Landlock). Each of these two layers is applied if the kernel supports it. Constant after
// construction, so readable by any thread.
class Sandbox {
 public:
  // No sandbox: nothing is refused.
  Sandbox() = default;
  // Restricts this process permanently. Requires that only the caller's thread runs.
  explicit Sandbox(const AllowedFiles& files);

  const Layer& seccomp() const { return seccomp_; }
  const Layer& landlock() const { return landlock_; }
  // Whether both are in force, as far as the kernel supports them. Seccomp is required.
  bool whole() const;
  // Missing folders, and how each was handled: one line each, for people.
  const std::vector<std::string>& remarks() const { return remarks_; }

  // Whether the rules allow this file to be read, even if it does not exist yet.
  bool admits(const Path& file) const;

 private:
  void admit(const Path& named);

  Layer seccomp_;
  Layer landlock_;
  std::vector<Path> admitted_;  // canonical
  std::vector<std::string> remarks_;
};

}  // namespace postern::sandbox
