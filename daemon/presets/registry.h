#pragma once

#include "config/presets.h"

// The products that postern knows. Each has a folder here, with a constant kProduct in its
// namespace, and a line in registry.cpp. Nothing else names them.
namespace postern::presets {

config::Products products();
// The formats of all products. The first one is that of a JSON page that shows none.
config::JsonFormats jsonFormats();

}  // namespace postern::presets
