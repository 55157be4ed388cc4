#include "relabel/label_set.h"

#include <algorithm>
#include <utility>

#include "base/metric_text.h"

namespace postern::relabel {

void LabelSet::reset(const Series& sample) {
  entries_.clear();
  changes_ = 0;
  entries_.push_back({std::string(kMetricName),
                      sample.quoted ? unescapeName(sample.name) : std::string(sample.name), -1, 0});
  for (std::size_t i = 0; i < sample.labels.size(); ++i) {
    const Label& label = sample.labels[i];
    if (label.value.empty()) continue;
    entries_.push_back({label.quoted ? unescapeName(label.name) : std::string(label.name),
                        sample.escapes ? unescapeName(label.value) : std::string(label.value),
                        static_cast<int>(i), 0});
  }
}

const LabelSet::LabelEntry* LabelSet::find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const LabelEntry& e) { return e.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

LabelSet::LabelEntry* LabelSet::find(std::string_view name) {
  return const_cast<LabelEntry*>(std::as_const(*this).find(name));
}

bool LabelSet::has(std::string_view name) const {
  return find(name) != nullptr;
}

const std::string& LabelSet::get(std::string_view name) const {
  static const std::string none;
  const LabelEntry* entry = find(name);
  return entry == nullptr ? none : entry->value;
}

void LabelSet::set(std::string_view name, std::string value) {
  if (value.empty()) return remove(name);
  LabelEntry* entry = find(name);
  if (entry == nullptr) entry = &entries_.emplace_back(LabelEntry{std::string(name), {}, -1, 0});
  if (entry->set == 0) entry->set = ++changes_;
  entry->value = std::move(value);
  entry->page_label = -1;
}

void LabelSet::copy(const LabelEntry& from, std::string_view to) {
  const int page_label = from.page_label;
  set(to, from.value);
  if (LabelEntry* entry = find(to)) entry->page_label = page_label;
}

void LabelSet::remove(std::string_view name) {
  std::erase_if(entries_, [&](const LabelEntry& entry) { return entry.name == name; });
}

}  // namespace postern::relabel
