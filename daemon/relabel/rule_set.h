#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "relabel/label_set.h"
#include "relabel/relabel_rule.h"
#include "relabel/relabeler.h"

namespace postern::relabel {

// One series selector of `match`.
class CompiledSelector {
 public:
  explicit CompiledSelector(const config::Selector& selector);
  bool matches(LabelSet& labels) const;

  struct Matcher {
    config::LabelMatcher config;
    std::optional<Anchored> regex;
    bool matches(std::string_view value) const;
  };
  const std::vector<Matcher>& matchers() const { return matchers_; }

 private:
  std::vector<Matcher> matchers_;
};

// The rules of a target, each compiled on its own, in the order of their application.
struct RuleSet {
  RuleSet(const config::Reshape& config, Digests digests);

  // `labels` is the result for the sample.
  Relabeler::Effect apply(LabelSet& labels) const;
  // Whether `labels:` is the only rule.
  bool onlyLabels() const;
  bool touchFamilies() const;
  std::string pseudonym(std::string_view value) const;

  const config::Reshape config;
  const Digests digests;
  std::vector<CompiledSelector> match;
  std::vector<RelabelRule> relabel;
  std::map<std::string, std::string, std::less<>> rename;
  std::string inserted;             // `labels`, as on a page: a="b",c="d",
  std::uint64_t inserted_hash = 0;  // their part of Relabeler::labelsHash

 private:
  void addLabels(LabelSet& labels) const;
  void renameMetric(LabelSet& labels) const;
  void anonymize(LabelSet& labels) const;
};

}  // namespace postern::relabel
