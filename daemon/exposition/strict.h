#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "exposition/line.h"
#include "exposition/output.h"

namespace postern::exposition {

// `strict: true`: checks the lines of a page against the semantics of OpenMetrics 1.0.0, after
// their parser. HELP, TYPE and UNIT appear once and before the samples. Families and metrics are in
// one piece and have different names. Values fit the type, and buckets are in order. The same
// applies to a text page as far as text has it: its counters need no _total.
//
// Its memory of names and metrics is 1 MiB at most. Not thread-safe.
class StrictChecker {
 public:
  explicit StrictChecker(Syntax syntax);
  StrictChecker(StrictChecker&&) noexcept;
  ~StrictChecker();

  // Takes every line of the page in order, without keeping views. Returns the problem, if any: `at`
  // points into the line.
  std::optional<StrictError> take(const Line& line);
  // Call at the end of the page. Returns what its last family lacks; `at` is null then.
  std::optional<StrictError> finish();
  // Whether the last complaint was about that memory: a limit, not a mistake.
  bool exhausted() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::exposition
