#pragma once

#include <memory>
#include <optional>

#include "exposition/line.h"
#include "exposition/output.h"

namespace postern::exposition {

// `strict: true`: holds the lines of a page to OpenMetrics' meaning (OpenMetrics 1.0.0), beyond
// what their parser has judged: families that are not torn and not named alike, values that a
// type allows, histograms in order. For a text page the rules that text knows hold.
class StrictChecker {
 public:
  explicit StrictChecker(Syntax syntax);
  ~StrictChecker();

  // Every line of the page in its order; the views are not kept. What is wrong, if anything.
  std::optional<Complaint> take(const Line& line);
  // At the end of the page: what its last family lacks; `at` is null then.
  std::optional<Complaint> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::exposition
