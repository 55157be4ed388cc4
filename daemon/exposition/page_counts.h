#pragma once

#include <cstddef>

namespace postern::exposition {

// The samples of a page by result.
struct PageCounts {
  std::size_t read = 0;
  std::size_t kept = 0;
  // Samples that were dropped:
  std::size_t unmatched = 0;   // by `match`
  std::size_t relabelled = 0;  // by metric_relabel_configs
  std::size_t excess = 0;      // by family_series_limit
  std::size_t nan = 0;         // the value is the JSON text "NaN"
  // Kept samples whose series is on the page already:
  std::size_t duplicates = 0;          // sent by the service
  std::size_t relabel_duplicates = 0;  // made by rules
  bool checks_skipped = false;         // the page was too large to search for all of them

  bool operator==(const PageCounts&) const = default;
  PageCounts& operator+=(const PageCounts& other);
};

}  // namespace postern::exposition
