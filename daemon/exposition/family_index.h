#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "exposition/families.h"

namespace postern::exposition {

// Finds the families of a page by name while the page grows. The page must outlive the index, and
// only the index may add families meanwhile. References to families are valid until the next one is
// added.
class FamilyIndex {
 public:
  explicit FamilyIndex(Families& page);

  // The family of this name; adds it when missing.
  Family& named(std::string_view name);
  // The family of a sample of this name: the one of its own name, or the histogram or summary whose
  // _bucket, _sum or _count it is; adds it when missing.
  Family& ofSample(std::string_view name);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };

  Family* find(std::string_view name);
  Family* findParent(std::string_view name);

  Families& page_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> positions_;
};

// Like merge() of families.h, for one page of many. `index` belongs to `into`, and is made before
// the first page.
void merge(Families& into, FamilyIndex& index, Families&& more);

}  // namespace postern::exposition
