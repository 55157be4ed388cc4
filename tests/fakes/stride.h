#pragma once

#include <cstddef>

namespace postern::testing {

// A test that only computes, in many cases alike (each cut of a page, each round of random rules),
// runs one case in so many. The thread sanitizer has nothing to find in such cases: under it, one
// in ten.
constexpr std::size_t stride() {
#ifdef __SANITIZE_THREAD__
  return 10;
#else
  return 1;
#endif
}

}  // namespace postern::testing
