#include "exposition/duplicate_search.h"

#include <utility>

namespace postern::exposition {
namespace {

constexpr std::size_t kSearchBudget = 1U << 20;  // bytes

}  // namespace

DuplicateSearch::DuplicateSearch(PageCounts& counts) : counts_(counts), out_(kSearchBudget) {}

void DuplicateSearch::addLater(const SeriesHash& series) {
  if (!open_) return;
  out_.expect(series.out);
  if (in_) in_->expect(series.in);
  const SeriesHash due = std::exchange(awaited_[awaited_at_], series);
  awaited_at_ = (awaited_at_ + 1) % awaited_.size();
  if (due.out != 0) add(due);
}

DuplicateSearch::Found DuplicateSearch::add(const SeriesHash& series) {
  using enum HashSet::Added;
  if (!in_ && series.in != series.out) in_ = out_;
  const HashSet::Added added = out_.add(series.out);
  const HashSet::Added came = in_ ? in_->add(series.in) : added;
  if (added == Full || came == Full) {
    open_ = false;
    counts_.checks_skipped = true;
    return Found::Full;
  }
  if (added == Fresh) return Found::Fresh;
  ++(came == Known ? counts_.duplicates : counts_.relabel_duplicates);
  return came == Known ? Found::Duplicate : Found::RelabelDuplicate;
}

void DuplicateSearch::finish() {
  for (const SeriesHash& series : awaited_) {
    if (open_ && series.out != 0) add(series);
  }
}

}  // namespace postern::exposition
