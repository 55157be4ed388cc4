#include "check/sample_counter.h"

namespace postern::check {

void SampleCounter::feed(std::string_view block) {
  bytes_ += block.size();
  while (!block.empty()) {
    if (at_start_ && block.front() != '#' && block.front() != '\n') ++count_;
    const auto end = block.find('\n');
    at_start_ = end != std::string_view::npos;
    if (!at_start_) return;
    block.remove_prefix(end + 1);
  }
}

}  // namespace postern::check
