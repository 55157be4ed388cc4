#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace postern::config {

// Gathers what is wrong with one file.
class Report {
 public:
  // `folder` is what relative file names count from.
  Report(std::string file, Path folder, NamedFiles named = NamedFiles::Read);

  NamedFiles named() const { return named_; }

  // Whether the rest need not be checked: there are 100 complaints, or a document of somebody else
  // (NamedFiles::Leave) has taken a second of this thread's CPU time, which is a complaint.
  bool enough();
  void add(std::size_t line, std::size_t column, std::string key, std::string what);
  // In the order of the file.
  std::vector<Complaint> complaints() const;
  // Where a file lies that is named in this one; remembers it.
  Path file(std::string_view name);
  // Every one that was asked for.
  const std::vector<Path>& files() const { return files_; }

 private:
  struct Entry {
    std::size_t line;
    std::size_t column;
    std::string key;
    std::string what;
  };
  std::string file_;
  Path folder_;
  NamedFiles named_;
  std::chrono::nanoseconds cpu_limit_;  // of this thread, since it began
  bool too_long_ = false;
  std::vector<Path> files_;
  std::vector<Entry> entries_;
};

}  // namespace postern::config
