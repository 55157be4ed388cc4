#pragma once

#include <span>
#include <string_view>

#include "tls/pem_blocks.h"

// Damage by people and tools to PEM text that OpenSSL then does not read.
namespace postern::tls {

// A defect in the text of a block, and the filter that fixes it in the whole file. In the order in
// which the filters must run.
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
// All defects, in the order of their bits.
std::span<const DefectInfo> pemDefects();

// The defects of a block that OpenSSL does not read.
unsigned defectsOf(const PemBlock& block);

}  // namespace postern::tls
