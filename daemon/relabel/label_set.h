#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "relabel/series.h"

namespace postern::relabel {

// The labels of one sample while rules change them. The metric's name is the label __name__. A
// label without a value does not exist, like in Prometheus.
class LabelSet {
 public:
  struct LabelEntry {
    std::string name;     // without quotes and escapes
    std::string value;    // without escapes
    int page_label = -1;  // index of the page's label whose value it still has, or -1
    int set = 0;          // 0: unchanged since the page; else the number of the change that set it
  };
  static constexpr std::string_view kMetricName = "__name__";

  void reset(const Series& sample);

  bool has(std::string_view name) const;
  // Empty when the label is missing.
  const std::string& get(std::string_view name) const;
  // An empty value removes the label.
  void set(std::string_view name, std::string value);
  // Like set() with the value of another entry.
  void copy(const LabelEntry& from, std::string_view to);
  void remove(std::string_view name);

  // The metric's name is first if it exists, new labels are last.
  const std::vector<LabelEntry>& entries() const { return entries_; }

 private:
  const LabelEntry* find(std::string_view name) const;
  LabelEntry* find(std::string_view name);

  std::vector<LabelEntry> entries_;
  int changes_ = 0;
};

}  // namespace postern::relabel
