#include "exposition/known_labels.h"

#include <utility>

namespace postern::exposition {

void KnownLabels::learn(const std::vector<Label>& labels) {
  texts_.clear();
  labels_.clear();
  for (const Label& label : labels) {
    std::string text;  // empty: is not compared
    if (!label.quoted) text.append(label.name).append("=\"");
    labels_.emplace_back(text);
    texts_.push_back(std::move(text));
  }
}

}  // namespace postern::exposition
