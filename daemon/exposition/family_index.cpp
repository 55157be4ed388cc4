#include "exposition/family_index.h"

namespace postern::exposition {

FamilyIndex::FamilyIndex(Families& page) : page_(page) {
  for (std::size_t i = 0; i < page.families.size(); ++i) {
    positions_.emplace(page.families[i].name, i);
  }
}

Family& FamilyIndex::named(std::string_view name) {
  if (Family* family = find(name)) return *family;
  positions_.emplace(name, page_.families.size());
  Family& family = page_.families.emplace_back();
  family.name = name;
  return family;
}

Family& FamilyIndex::ofSample(std::string_view name) {
  if (Family* family = find(name)) return *family;
  if (Family* family = findParent(name)) return *family;
  return named(name);
}

Family* FamilyIndex::find(std::string_view name) {
  const auto found = positions_.find(name);
  return found == positions_.end() ? nullptr : &page_.families[found->second];
}

Family* FamilyIndex::findParent(std::string_view name) {
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    Family* family = find(name.substr(0, name.size() - suffix.size()));
    if (family == nullptr) return nullptr;
    const bool summary = family->type == "summary" && suffix != "_bucket";
    return summary || family->type == "histogram" ? family : nullptr;
  }
  return nullptr;
}

}  // namespace postern::exposition
