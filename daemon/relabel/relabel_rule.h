#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/reshape.h"
#include "relabel/label_set.h"

namespace postern::relabel {

// A regular expression with Prometheus' rules: RE2, anchored on both sides; a dot matches a line
// end.
class Anchored {
 public:
  // Requires a validated configuration.
  explicit Anchored(const std::string& regex);
  bool matches(std::string_view text) const;
  // Sets `groups` to the whole match and its groups; empty: no match.
  void match(std::string_view text, std::vector<re2::StringPiece>& groups) const;
  // Returns `pattern` with $1, ${1}, $name, ${name} and $$ filled in (Go's regexp, Expand).
  std::string expand(std::string_view pattern, const std::vector<re2::StringPiece>& groups) const;

 private:
  std::string_view group(std::string_view name, const std::vector<re2::StringPiece>& groups) const;

  std::unique_ptr<RE2> regex_;
};

// Whether `pattern` refers to groups of a match, such as $1.
bool hasVariable(std::string_view pattern);

// 16 bytes. Thread-safe.
using Md5 = std::string (*)(std::string_view);

// One rule of metric_relabel_configs (Prometheus' model/relabel). Immutable.
class RelabelRule {
 public:
  RelabelRule(const config::Relabel& config, Md5 md5);

  // Returns false when the sample is dropped.
  bool apply(LabelSet& labels) const;

  // The result of the rule for a source value, independent of the rest of the sample: whether it
  // matches, and the new value if the rule sets a label. Not for rules that compare labels or look
  // at names.
  struct Made {
    bool matched = true;
    std::string value;
  };
  Made make(const std::string& source) const;
  const config::Relabel& config() const { return config_; }
  const Anchored& regex() const { return regex_; }
  // Whether it may drop samples or rename metrics.
  bool touchesFamilies() const;

 private:
  void mapLabels(LabelSet& labels) const;
  void dropLabels(LabelSet& labels, bool matching) const;
  std::string modulo(const std::string& value) const;

  config::Relabel config_;
  Md5 md5_;
  Anchored regex_;
};

}  // namespace postern::relabel
