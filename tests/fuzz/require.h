#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace postern::fuzz {

// Aborts the program with the violated claim and the input.
inline void require(bool holds, const char* claim, std::string_view input) {
  if (holds) return;
  std::fprintf(stderr, "%s:\n%.*s\n", claim, static_cast<int>(input.size()), input.data());
  std::abort();
}

}  // namespace postern::fuzz
