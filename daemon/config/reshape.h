#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"

// What is done to the samples of a target, in the order of struct Reshape.
namespace postern::config {

// `name="value"` and its kin, as in a series selector of Prometheus. The metric's name is __name__.
struct Matcher {
  enum class Op { Equal, NotEqual, Matches, NotMatches };
  std::string name;
  Op op = Op::Equal;
  std::string value;  // of Matches and NotMatches: RE2, anchored on both sides
  bool operator==(const Matcher&) const = default;
};
struct Selector {
  std::string text;               // as it was written, for match[]
  std::vector<Matcher> matchers;  // all must hold; a label that is absent is empty
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
// As Prometheus calls it.
std::string_view actionName(RelabelAction action);

// One of Prometheus' relabel_config, valid and with its defaults.
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
  std::vector<Selector> match = {};  // a sample stays when one of them matches; empty: all stay
  std::vector<std::pair<std::string, std::string>> labels = {};  // added to each sample
  bool honor_labels =
      false;  // a label of the page wins over one of `labels`; else it is renamed exported_*
  std::vector<Relabel> metric_relabel_configs = {};
  std::vector<std::pair<std::string, std::string>> rename = {};  // metric names, from and to
  Anonymize anonymize = {};                                      // no labels: none
  bool operator==(const Reshape&) const = default;
};

}  // namespace postern::config
