#pragma once

#include <functional>

namespace postern {

// Work that some thread does once.
using Job = std::function<void()>;

}  // namespace postern
