#pragma once

#include <cstddef>

namespace postern::testing {

// The step for tests that compute many similar cases (each cut of a page, each round of random
// rules). Such cases have no data races: with the thread sanitizer only one in ten runs.
constexpr std::size_t stride() {
#ifdef __SANITIZE_THREAD__
  return 10;
#else
  return 1;
#endif
}

}  // namespace postern::testing
