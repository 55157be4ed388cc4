#include "exposition/known_labels.h"

namespace postern::exposition {

void KnownLabels::learn(const std::vector<Label>& labels) {
  labels_.clear();
  for (const Label& label : labels) {
    const char* const begin = label.name.data();
    const std::string_view text = between(begin, label.value.data());
    const bool plain = !label.quoted && text.size() == label.name.size() + 2;
    labels_.push_back(plain ? Known(text) : Known());
  }
  labels_.emplace_back();
}

void KnownLabels::forget() {
  labels_.assign(2, Known());
}

}  // namespace postern::exposition
