#pragma once

#include <cstddef>

namespace postern::config {

struct Limits {
  std::size_t body_size = 64U << 20;  // bytes of one page after decompression; 0 = no limit
  // The same for the JSON formats. They are parsed in memory as a whole.
  std::size_t json_body_size = 4U << 20;
  std::size_t line = 1U << 20;  // bytes of one line, without the line end
  // Prometheus' limits, applied after relabeling; 0 = no limit, here and below.
  std::size_t samples = 0;             // of the finished page
  std::size_t labels = 0;              // of one sample, without its name
  std::size_t label_name_length = 0;   // bytes
  std::size_t label_value_length = 0;  // bytes
  // Samples of one family. Samples beyond it are dropped and counted; the page stays valid.
  std::size_t family_series = 0;
  bool operator==(const Limits&) const = default;
};

}  // namespace postern::config
