#pragma once

#include <cstddef>

namespace postern::config {

struct Limits {
  std::size_t body_size = 64U << 20;  // bytes of one page after decompression; 0 = none
  // The same for the JSON formats, which are held whole.
  std::size_t json_body_size = 4U << 20;
  std::size_t line = 1U << 20;  // bytes of one line, without the line end
  // Prometheus' limits, judged after relabelling; 0 = none, here and below.
  std::size_t samples = 0;             // of the finished page
  std::size_t labels = 0;              // of one sample, its name not counted
  std::size_t label_name_length = 0;   // bytes
  std::size_t label_value_length = 0;  // bytes
  // Samples of one family; what is beyond is dropped and counted, the page stays good.
  std::size_t family_series = 0;
  bool operator==(const Limits&) const = default;
};

}  // namespace postern::config
