#pragma once

#include <cstddef>
#include <string_view>

namespace postern::check {

// Counts the samples of a text or OpenMetrics page. The blocks of the page may be split anywhere.
class SampleCounter {
 public:
  void feed(std::string_view block);
  std::size_t bytes() const { return bytes_; }
  std::size_t count() const { return count_; }

 private:
  bool at_start_ = true;  // of a line
  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
};

}  // namespace postern::check
