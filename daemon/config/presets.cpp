#include "config/presets.h"

#include <algorithm>
#include <vector>

#include "config/target.h"

namespace postern::config {

std::optional<Target> makePreset(Products products, std::string_view name) {
  const auto found = std::ranges::find(products, name, &Product::preset);
  if (found != products.end()) {
    auto target = (*found)->target();
    target.preset = name;
    return target;
  }
  if (name != "none") return std::nullopt;
  Target target;
  target.pages.emplace_back().path = "/metrics";
  return target;
}

std::string presetNames(Products products) {
  std::vector<std::string_view> names;
  for (const Product* product : products) names.push_back(product->preset);
  std::ranges::sort(names);
  std::string text = "none";
  for (std::size_t i = 0; i < names.size(); ++i) {
    text.append(i + 1 == names.size() ? " or " : ", ").append(names[i]);
  }
  return text;
}

std::string unknownPreset(Products products) {
  return "is unknown, expected " + presetNames(products);
}

}  // namespace postern::config
