#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "exposition/page_counts.h"

namespace postern::exposition {

// Hashes of a series: as written, and as received with the labels that are added to all. They are
// equal for samples whose series no rule changes.
struct SeriesHash {
  std::uint64_t out = 0;
  std::uint64_t in = 0;
};

// The series of some samples, in order.
class SeriesLog {
 public:
  void add(const SeriesHash& series) {
    if (in_.empty() && series.in != series.out) in_ = out_;
    if (!in_.empty() || series.in != series.out) in_.push_back(series.in);
    out_.push_back(series.out);
  }
  std::size_t size() const { return out_.size(); }
  SeriesHash operator[](std::size_t i) const { return {out_[i], in_.empty() ? out_[i] : in_[i]}; }
  std::size_t bytes() const { return (out_.capacity() + in_.capacity()) * sizeof(std::uint64_t); }
  void shrink() {
    out_.shrink_to_fit();
    in_.shrink_to_fit();
  }

 private:
  std::vector<std::uint64_t> out_;
  std::vector<std::uint64_t> in_;  // empty: same as out_
};

// Finds series that appear twice on a page. Needs 1 MiB at most, twice that where rules change
// series, and gives up when that is not enough. Not thread-safe.
class DuplicateSearch {
 public:
  // Counts the findings in `counts`, which must outlive the search.
  explicit DuplicateSearch(PageCounts& counts);

  // Returns false after it gave up.
  bool isOpen() const { return open_; }
  // Searches for the series a few samples later, when the cache has its slot.
  void addLater(const SeriesHash& series);
  enum class Found { Fresh, Duplicate, RelabelDuplicate, Full };
  Found add(const SeriesHash& series);
  // Call at the end of the page.
  void finish();

 private:
  PageCounts& counts_;
  bool open_ = true;
  HashSet out_;
  // The series as received: a duplicate in out_ that is new in here was made by rules. Not set
  // while no rule has changed a series, because it would be equal to out_.
  std::optional<HashSet> in_;
  std::array<SeriesHash, 8> awaited_{};  // pending searches; `out` 0: free
  std::size_t awaited_at_ = 0;
};

}  // namespace postern::exposition
