#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace postern {

enum class FileErrorReason { Missing, Denied, Directory, NotRegular, TooLarge, Failed };

// Why a file could not be read.
struct FileError {
  FileErrorReason reason;
  int number;        // errno; 0 for NotRegular and TooLarge
  std::string what;  // after "cannot be read: ": "Permission denied", "larger than 1 MiB"
};

// Reads a whole file of at most `limit` bytes into `content`, which is empty after an error.
// Follows symbolic links, such as those of a projected volume of Kubernetes. Accepts only regular
// files, and never waits for the writer of a FIFO. Blocks as long as the file system does. Throws
// only std::bad_alloc.
std::optional<FileError> readFile(const std::filesystem::path& file, std::size_t limit,
                                  std::string& content);
// The same. Leaves no copy of the bytes in freed memory.
std::optional<FileError> readFile(const std::filesystem::path& file, std::size_t limit,
                                  Secret& content);

// The same for a file of the command line: `-` is standard input, and a FIFO (`<(command)` of a
// shell) or a terminal is read until its end.
std::optional<FileError> readInput(const std::filesystem::path& file, std::size_t limit,
                                   std::string& content);

// Replaces a file of this process as a whole: a reader sees either the old content or the new one.
// Writes `file`.new first, with mode 0600. Returns 0 or errno.
int replaceFile(const std::filesystem::path& file, std::string_view content);

}  // namespace postern
