#pragma once

#include <functional>

namespace postern {

// Work that a thread runs once.
using Job = std::function<void()>;

}  // namespace postern
