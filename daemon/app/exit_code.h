#pragma once

namespace postern::app {

// Invalid flags, environment or configuration, or an unavailable sandbox.
inline constexpr int kBadUsage = 2;

}  // namespace postern::app
