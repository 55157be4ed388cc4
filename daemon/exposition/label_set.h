#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exposition/line.h"

namespace postern::exposition {

// A label value of a page without its escapes; what is no escape for Prometheus stays.
std::string unescapeValue(std::string_view value);

// The labels of one sample while rules work on them; the metric's name is the label __name__. A
// label without a value is none, as in Prometheus.
class LabelSet {
 public:
  struct Entry {
    std::string name;     // without quotes and escapes
    std::string value;    // without escapes
    int page_label = -1;  // the label of the page whose value it still has, or -1
    int set = 0;          // 0: as the page has it; else the number of the change that made it
  };
  static constexpr std::string_view kMetricName = "__name__";

  void reset(const Line& sample);

  bool has(std::string_view name) const;
  // Empty: there is none.
  const std::string& get(std::string_view name) const;
  // An empty value removes the label.
  void set(std::string_view name, std::string value);
  // As set() to the value of another entry.
  void copy(const Entry& from, std::string_view to);
  void remove(std::string_view name);

  // The metric's name comes first if there is one, new labels last.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  const Entry* find(std::string_view name) const;
  Entry* find(std::string_view name);

  std::vector<Entry> entries_;
  int changes_ = 0;
};

}  // namespace postern::exposition
