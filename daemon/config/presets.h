#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/format.h"

namespace postern::config {

struct Target;

// What postern knows of a product that it scrapes. The products are in daemon/presets, and every
// function that reads a configuration receives them.
struct Product {
  std::string_view preset;  // its name in the configuration
  Target (*target)();       // a target with the preset's defaults
  JsonFormats formats = {};
};
// Constants, without a preset `none`.
using Products = std::span<const Product* const>;

// A target with the defaults of a preset. `none` is always known. Nothing if the name is unknown.
std::optional<Target> makePreset(Products products, std::string_view name);
// "none, a or b" with the names in alphabetical order
std::string presetNames(Products products);
// "is unknown, expected none, a or b"
std::string unknownPreset(Products products);

}  // namespace postern::config
