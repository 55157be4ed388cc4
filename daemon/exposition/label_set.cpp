#include "exposition/label_set.h"

#include <algorithm>
#include <utility>

#include "exposition/sample_text.h"

namespace postern::exposition {

std::string unescapeValue(std::string_view value) {
  // The escapes are those of a name in quotes.
  return unescapeName(value);
}

void LabelSet::reset(const Line& sample) {
  entries_.clear();
  looked_at_ = 0;
  entries_.push_back({std::string(kMetricName),
                      sample.quoted ? unescapeName(sample.name) : std::string(sample.name), -1});
  for (std::size_t i = 0; i < sample.labels.size(); ++i) {
    const Label& label = sample.labels[i];
    if (label.value.empty()) continue;
    entries_.push_back({label.quoted ? unescapeName(label.name) : std::string(label.name),
                        sample.escapes ? unescapeValue(label.value) : std::string(label.value),
                        static_cast<int>(i)});
  }
}

LabelSet::Entry* LabelSet::find(std::string_view name) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& e) { return e.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

bool LabelSet::has(std::string_view name) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.name == name; });
}

const std::string& LabelSet::get(std::string_view name) {
  static const std::string none;
  const Entry* entry = find(name);
  if (entry == nullptr) return none;
  if (entry->page_label >= 0 && entry->page_label < static_cast<int>(kMost))
    looked_at_ |= std::uint64_t{1} << entry->page_label;
  return entry->value;
}

void LabelSet::set(std::string_view name, std::string value) {
  if (value.empty()) return remove(name);
  Entry* entry = find(name);
  if (entry == nullptr) entry = &entries_.emplace_back(Entry{std::string(name), {}, -1});
  entry->value = std::move(value);
  entry->page_label = -1;
}

void LabelSet::copy(const Entry& from, std::string_view to) {
  const int page_label = from.page_label;
  set(to, from.value);
  if (Entry* entry = find(to)) entry->page_label = page_label;
}

void LabelSet::remove(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.name == name; });
}

}  // namespace postern::exposition
