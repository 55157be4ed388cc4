#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/reshape.h"
#include "exposition/line.h"

namespace postern::exposition {

// What rules need of cryptography, which is not ours. Both are thread-safe.
struct Digests {
  std::function<std::string(std::string_view)> hmac;  // SHA-256 under the target's salt, 32 bytes
  std::string (*md5)(std::string_view);               // 16 bytes
};

// The rules of a target, compiled. Immutable, so that any number of threads may use it.
class Rules {
 public:
  // The configuration has been validated.
  static std::shared_ptr<const Rules> compile(const config::Reshape& config, Digests digests);
  ~Rules();

  // Whether there is anything to do at all.
  bool any() const;
  // Whether samples may be dropped or get another metric name, so that HELP and TYPE must follow.
  bool touchFamilies() const;

  struct Compiled;  // rules.h
  const Compiled& compiled() const { return *compiled_; }

 private:
  explicit Rules(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

// Applies the rules to one sample after another: match, labels, metric_relabel_configs, rename,
// anonymize. The rules are made ready for each set of label names, and what each made of a value is
// remembered, within 1 MiB, so that most samples cost no regular expression.
// Not thread-safe; serves any number of pages.
class Reshaper {
 public:
  explicit Reshaper(std::shared_ptr<const Rules> rules);
  ~Reshaper();

  // Rules::touchFamilies of its rules.
  bool touchesFamilies() const;

  // Before the first sample of each page: Line::same_labels tells of samples of one page only.
  void startPage();

  enum class Verdict {
    Unchanged,
    Inserted,   // inserted() goes in front of the sample's labels; nothing else changes
    Rewritten,  // name() and labels() take the place of the sample's
    Unmatched,  // dropped: no selector of `match` takes it
    Dropped,    // dropped by metric_relabel_configs
    Refused,    // complaint() tells why the sample is none any more
  };
  Verdict apply(const Line& sample);

  // `a="b",c="d",`, escaped. Dies with the reshaper.
  std::string_view inserted() const;
  // How many labels that is.
  std::size_t insertedLabels() const;
  // What they add to labelsHash(); 0 when no sample is Inserted.
  std::uint64_t insertedHash() const;
  // Escaped as on a page; views die with the sample or the next apply().
  std::string_view name() const;
  bool quoted() const;  // the name needs quotes
  std::span<const Label> labels() const;
  // The sum of hashText(value, hashLabelName(name)) over them.
  std::uint64_t labelsHash() const;
  bool quotedLabels() const;  // some label's name needs quotes
  // The labels as on a page, `{a="b",c="d"}`; empty: not made, or there are none.
  std::string_view labelsText() const;
  std::string_view complaint() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::exposition
