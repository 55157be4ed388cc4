#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"

// The changes to the samples of a target, in the order of struct Reshape.
namespace postern::config {

// `name="value"` and the other operators of a Prometheus series selector. The metric's name is
// __name__.
struct LabelMatcher {
  enum class Operator { Equal, NotEqual, Matches, NotMatches };
  std::string name;
  Operator op = Operator::Equal;
  std::string value;  // for Matches and NotMatches: RE2, anchored on both sides
  bool operator==(const LabelMatcher&) const = default;
};
struct Selector {
  std::string text;                    // as written in the file, for match[]
  std::vector<LabelMatcher> matchers;  // all must match; a missing label counts as empty
  bool operator==(const Selector&) const = default;
};

enum class RelabelAction {
  Replace,
  Keep,
  Drop,
  KeepEqual,
  DropEqual,
  HashMod,
  LabelMap,
  LabelDrop,
  LabelKeep,
  Lowercase,
  Uppercase
};
// Prometheus' name of the action.
std::string_view actionName(RelabelAction action);

// One relabel_config of Prometheus, valid and with its defaults.
struct Relabel {
  RelabelAction action = RelabelAction::Replace;
  std::vector<std::string> source_labels = {};
  std::string separator = ";";
  std::string regex = "(.*)";  // RE2, anchored on both sides
  std::uint64_t modulus = 0;
  std::string target_label = {};
  std::string replacement = "$1";
  bool operator==(const Relabel&) const = default;
};

struct Anonymize {
  std::vector<std::string> labels;  // not empty
  Secret salt;                      // the content of salt_file
  bool operator==(const Anonymize&) const = default;
};

struct Reshape {
  std::vector<Selector> match = {};  // keep samples that match one of them; empty: keep all
  std::vector<std::pair<std::string, std::string>> labels = {};  // added to each sample
  bool honor_labels =
      false;  // a label of the page overrides one of `labels`; otherwise it is renamed exported_*
  std::vector<Relabel> metric_relabel_configs = {};
  std::vector<std::pair<std::string, std::string>> rename = {};  // metric names, from and to
  Anonymize anonymize = {};                                      // no labels: off
  bool operator==(const Reshape&) const = default;
};

}  // namespace postern::config
