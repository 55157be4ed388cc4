#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/reshape.h"
#include "relabel/series.h"

namespace postern::relabel {

// Cryptographic functions for the rules, provided by the caller. Both are thread-safe.
struct Digests {
  std::function<std::string(std::string_view)> hmac;  // HMAC-SHA-256 by the salt, 32 bytes
  std::string (*md5)(std::string_view);               // 16 bytes
};

struct RuleSet;  // rule_set.h

// The compiled rules of a target. Immutable, so any number of threads may use them.
class Rules {
 public:
  // Requires a validated configuration.
  static std::shared_ptr<const Rules> compile(const config::Reshape& config, Digests digests);
  ~Rules();

  // Whether there is any rule.
  bool any() const;
  // Whether rules may drop samples or rename metrics, so that HELP and TYPE must follow.
  bool touchFamilies() const;

  const RuleSet& ruleSet() const { return *rule_set_; }

 private:
  explicit Rules(std::unique_ptr<const RuleSet> rule_set);
  std::unique_ptr<const RuleSet> rule_set_;
};

// Applies the rules to samples one by one: match, labels, metric_relabel_configs, rename,
// anonymize. It compiles the rules for each set of label names, and caches the result of each rule
// by value, within 1 MiB, so that most samples cost no regular expression. Not thread-safe; serves
// any number of pages.
class Relabeler {
 public:
  explicit Relabeler(std::shared_ptr<const Rules> rules);
  ~Relabeler();

  // Rules::touchFamilies of its rules.
  bool touchesFamilies() const;

  // Call before the first sample of each page, because Series::same_labels is only about samples of
  // one page.
  void startPage();

  enum class Effect {
    Unchanged,
    Inserted,   // inserted() precedes the sample's labels; nothing else changes
    Rewritten,  // name() and labels() replace the sample's
    Unmatched,  // dropped: no selector of `match` matches it
    Dropped,    // dropped by metric_relabel_configs
    Refused,    // expected() says why it is not a valid sample any longer
  };
  Effect apply(const Series& sample);

  // `a="b",c="d",`, escaped. Dies with the relabeler.
  std::string_view inserted() const;
  // Number of these labels.
  std::size_t insertedLabels() const;
  // Their part of labelsHash(); 0 when no sample is Inserted.
  std::uint64_t insertedHash() const;
  // Escaped as on a page; views die with the sample or the next apply().
  std::string_view name() const;
  bool quoted() const;  // the name needs quotes
  std::span<const Label> labels() const;
  // The sum of hashText(value, hashLabelName(name)) over them.
  std::uint64_t labelsHash() const;
  bool quotedLabels() const;  // some label's name needs quotes
  // The labels as on a page, `{a="b",c="d"}`; empty: not made, or the sample has no labels.
  std::string_view labelsText() const;
  std::string_view expected() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> state_;
};

}  // namespace postern::relabel
