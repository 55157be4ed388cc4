#pragma once

#include <span>
#include <string_view>

#include "tls/pem_blocks.h"

// What people and tools do to the text of PEM such that OpenSSL does not read it.
namespace postern::tls {

// What is wrong with the text of a block, and the filter that mends it in the whole file. In the
// order in which the filters work.
using Defect = unsigned;  // a bit
inline constexpr Defect kNotAscii = 1U << 0U;
inline constexpr Defect kLoneReturns = 1U << 1U;
inline constexpr Defect kEscaped = 1U << 2U;
inline constexpr Defect kQuoted = 1U << 3U;
inline constexpr Defect kOneLine = 1U << 4U;
inline constexpr Defect kGlued = 1U << 5U;
inline constexpr Defect kDashes = 1U << 6U;
inline constexpr Defect kMarked = 1U << 7U;
inline constexpr Defect kPrefixed = 1U << 8U;
inline constexpr Defect kIndented = 1U << 9U;
inline constexpr Defect kBlankLines = 1U << 10U;

struct DefectInfo {
  Defect defect;
  std::string_view is;
  std::string_view filter;
};
// All of them, in the order of their bits.
std::span<const DefectInfo> pemDefects();

// Those of a block that OpenSSL does not read.
unsigned defectsOf(const PemBlock& block);

}  // namespace postern::tls
