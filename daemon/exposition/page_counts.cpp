#include "exposition/page_counts.h"

namespace postern::exposition {

PageCounts& PageCounts::operator+=(const PageCounts& other) {
  read += other.read;
  kept += other.kept;
  unmatched += other.unmatched;
  relabelled += other.relabelled;
  excess += other.excess;
  nan += other.nan;
  duplicates += other.duplicates;
  relabel_duplicates += other.relabel_duplicates;
  checks_skipped = checks_skipped || other.checks_skipped;
  return *this;
}

}  // namespace postern::exposition
