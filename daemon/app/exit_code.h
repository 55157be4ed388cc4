#pragma once

namespace postern::app {

// Mistakes in flags, environment or configuration, or a sandbox that cannot be set up.
inline constexpr int kBadUsage = 2;

}  // namespace postern::app
