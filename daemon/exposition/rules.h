#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exposition/label_set.h"
#include "exposition/relabel.h"
#include "exposition/reshaper.h"

namespace postern::exposition {

// One series selector of `match`.
class CompiledSelector {
 public:
  explicit CompiledSelector(const config::Selector& selector);
  bool matches(LabelSet& labels) const;

 private:
  std::vector<std::pair<config::Matcher, std::optional<Anchored>>> matchers_;
};

struct Rules::Compiled {
  Compiled(const config::Reshape& config, Digests digests);

  // What is left of the sample is in `labels`.
  Reshaper::Verdict apply(LabelSet& labels) const;
  // Nothing but `labels:` is to be done.
  bool onlyLabels() const;
  bool touchFamilies() const;

  const config::Reshape config;
  const Digests digests;
  std::vector<CompiledSelector> match;
  std::vector<RelabelRule> relabel;
  std::map<std::string, std::string, std::less<>> rename;
  std::string inserted;  // `labels`, as on a page

 private:
  void addLabels(LabelSet& labels) const;
  void renameMetric(LabelSet& labels) const;
  void anonymize(LabelSet& labels) const;
};

}  // namespace postern::exposition
