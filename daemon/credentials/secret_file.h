#pragma once

#include <cstddef>

#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"

namespace postern::credentials {

inline constexpr std::size_t kMaxSecretFile = 64U << 10;  // bytes

// Opens the file by name and reads all of it. Removes one trailing \n or \r\n. Errors: NoCredential
// (missing, empty, longer than kMaxSecretFile, not a regular file), CredentialSource (exists but
// cannot be read). Both name the file and say what to do.
Result<Secret> readSecretFile(const config::Path& file);

// Distinguishes one state of a file from the next; all zero when the file is missing. Follows
// symlinks, so a swap of Kubernetes' ..data changes every file behind it.
struct FileState {
  unsigned long device = 0, inode = 0;
  long size = 0;
  long modified_seconds = 0, modified_nanos = 0;
  long changed_seconds = 0, changed_nanos = 0;
  bool operator==(const FileState&) const = default;
};
FileState stateOf(const config::Path& file);

// Attempts to read files that change while they are read. A swap takes microseconds, so more than
// one repetition is rare.
inline constexpr int kReadings = 10;

}  // namespace postern::credentials
