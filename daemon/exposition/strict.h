#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "exposition/line.h"
#include "exposition/output.h"

namespace postern::exposition {

// `strict: true`: holds the lines of a page to OpenMetrics' meaning (OpenMetrics 1.0.0), beyond
// what their parser has judged: HELP, TYPE and UNIT once and before the samples, families and
// metrics that are not torn and not named alike, values that a type allows, buckets in order. For a
// text page the same holds as far as text has it: its counters need no _total.
//
// What it remembers of names and metrics takes 1 MiB at most. Not thread-safe.
class StrictChecker {
 public:
  explicit StrictChecker(Syntax syntax);
  StrictChecker(StrictChecker&&) noexcept;
  ~StrictChecker();

  // Every line of the page in its order; the views are not kept. What is wrong, if anything: `at`
  // points into the line.
  std::optional<Complaint> take(const Line& line);
  // At the end of the page: what its last family lacks; `at` is null then.
  std::optional<Complaint> finish();
  // Whether the last complaint was about that memory: a limit, not a mistake.
  bool exhausted() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::exposition
