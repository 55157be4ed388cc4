#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/line.h"

namespace postern::exposition {

// A label value of a page without its escapes; what is no escape for Prometheus stays.
std::string unescapeValue(std::string_view value);

// The labels of one sample while rules work on them; the metric's name is the label __name__. A
// label without a value is none, as in Prometheus.
//
// It keeps book of which of the page's labels rules have looked at: what they made of a sample is
// the same for any other that has the same labels, and the same values of those. Not thread-safe.
class LabelSet {
 public:
  struct Entry {
    std::string name;     // without quotes and escapes
    std::string value;    // without escapes
    int page_label = -1;  // the label of the page whose value it still has, or -1
  };
  static constexpr std::string_view kMetricName = "__name__";
  static constexpr std::size_t kMost = 64;  // labels of a sample of which books can be kept

  // Takes the sample's labels. Of more than kMost labels no books are kept.
  void reset(const Line& sample);

  bool has(std::string_view name) const;
  // Empty: there is none. The label counts as looked at.
  const std::string& get(std::string_view name);
  // An empty value removes the label.
  void set(std::string_view name, std::string value);
  // As set() to the value of another entry, which does not count as looked at.
  void copy(const Entry& from, std::string_view to);
  void remove(std::string_view name);

  // The metric's name comes first if there is one, new labels last.
  const std::vector<Entry>& entries() const { return entries_; }
  // The page's labels, bit by bit. The metric's name always counts.
  std::uint64_t lookedAt() const { return looked_at_; }

 private:
  Entry* find(std::string_view name);

  std::vector<Entry> entries_;
  std::uint64_t looked_at_ = 0;
};

}  // namespace postern::exposition
