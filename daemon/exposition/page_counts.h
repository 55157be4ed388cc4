#pragma once

#include <cstddef>

namespace postern::exposition {

// What became of the samples of a page.
struct PageCounts {
  std::size_t read = 0;
  std::size_t kept = 0;
  // Why the others were not:
  std::size_t unmatched = 0;   // by `match`
  std::size_t relabelled = 0;  // by metric_relabel_configs
  std::size_t excess = 0;      // by family_series_limit
  std::size_t nan = 0;         // a value that JSON has as the text "NaN"
  // Of those kept, whose series is on the page already:
  std::size_t duplicates = 0;          // as the service sent it
  std::size_t relabel_duplicates = 0;  // because rules made one series of two
  bool checks_skipped = false;         // the page was too large to look for all of them

  bool operator==(const PageCounts&) const = default;
  PageCounts& operator+=(const PageCounts& other);
};

}  // namespace postern::exposition
