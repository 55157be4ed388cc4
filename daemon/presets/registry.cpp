#include "presets/registry.h"

#include <array>
#include <vector>

// One line for each product: the name of its folder and namespace.
#define POSTERN_PRODUCTS(PRODUCT) \
  PRODUCT(whatsapp)               \
  PRODUCT(spinnaker)              \
  /* end of the list */

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define POSTERN_DECLARE(name)            \
  namespace postern::presets::name {     \
  extern const config::Product kProduct; \
  }
POSTERN_PRODUCTS(POSTERN_DECLARE)
#undef POSTERN_DECLARE

namespace postern::presets {

config::Products products() {
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define POSTERN_ADDRESS(name) &name::kProduct,
  static constexpr auto kProducts =
      std::to_array<const config::Product*>({POSTERN_PRODUCTS(POSTERN_ADDRESS)});
#undef POSTERN_ADDRESS
  return kProducts;
}

config::JsonFormats jsonFormats() {
  static const auto formats = [] {
    std::vector<const config::JsonFormat*> all;
    for (const auto* product : products())
      all.insert(all.end(), product->formats.begin(), product->formats.end());
    return all;
  }();
  return formats;
}

}  // namespace postern::presets
