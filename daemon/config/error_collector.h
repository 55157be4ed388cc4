#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace postern::config {

// Collects the errors about one file.
class ErrorCollector {
 public:
  // Relative file names are resolved against `folder`.
  ErrorCollector(std::string file, Path folder, NamedFiles named = NamedFiles::Read);

  NamedFiles named() const { return named_; }

  // Whether to stop checking: there are 100 errors, or a document with NamedFiles::Leave has
  // used one second of this thread's CPU time, which is an error.
  bool enough();
  void add(std::size_t line, std::size_t column, std::string key, std::string what);
  // In the order of the file.
  std::vector<ConfigError> errors() const;
  // The path of a file that this file names. Remembers it.
  Path file(std::string_view name);
  // Every path that file() has returned.
  const std::vector<Path>& files() const { return files_; }

 private:
  struct LocatedError {
    std::size_t line;
    std::size_t column;
    std::string key;
    std::string what;
  };
  std::string file_;
  Path folder_;
  NamedFiles named_;
  std::chrono::nanoseconds cpu_limit_;  // of this thread, since its start
  bool too_long_ = false;
  std::vector<Path> files_;
  std::vector<LocatedError> entries_;
};

}  // namespace postern::config
