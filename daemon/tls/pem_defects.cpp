#include "tls/pem_defects.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace postern::tls {
namespace {

constexpr std::string_view kSplit =
    R"(sed -E 's/-+ ?(BEGIN|END) ([A-Z0-9 #.]*[A-Z0-9]) ?-+/\n-----\1 \2-----\n/g')";
constexpr std::string_view kRightLines =
    R"(sed -E 's/^.*(BEGIN|END) ([A-Z0-9 #.]*[A-Z0-9])[^A-Z0-9]*$/-----\1 \2-----/')";
constexpr std::array<DefectInfo, 11> kDefects = {{
    {kNotAscii, "has characters in it that are not ASCII", R"(tr -cd '\11\12\15\40-\176')"},
    {kLoneReturns, "has only CR as line ends", R"(tr '\r' '\n')"},
    {kEscaped, R"(has escaped line ends (\n))", R"(sed 's/\\\+r//g; s/\\\+n/\n/g')"},
    {kQuoted, "is in quotes", R"(tr -d "\"'")"},
    {kOneLine, "is on one line", kSplit},
    {kGlued, "begins on the line where the block before it ends", kSplit},
    {kDashes, "does not have five dashes on each side of BEGIN and END", kRightLines},
    {kMarked, "has a mark before its lines", R"(sed -E 's,^[^A-Za-z0-9+/=-]+,,')"},
    {kPrefixed, "has text before BEGIN on its line", kRightLines},
    {kIndented, "is indented", "sed 's/^[[:space:]]*//'"},
    {kBlankLines, "has blank lines in it", R"(grep -v '^[[:space:]]*$')"},
}};

bool isBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

bool isAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char byte) { return static_cast<signed char>(byte) >= 0; });
}

// OpenSSL allows a blank line after BEGIN, or after the headers of an encrypted key.
bool hasBlankLines(std::string_view body) {
  std::size_t found = 0;
  const auto first = std::min(body.find_first_not_of(" \t\r\n"), body.size());
  for (auto at = body.find('\n', first); at != body.npos; at = body.find('\n', at + 1)) {
    const auto next = body.substr(at + 1, body.find('\n', at + 1) - at - 1);
    const bool ends = body.find('\n', at + 1) != body.npos;
    if (ends && isBlank(next)) ++found;
  }
  return found > (contains(body, "Proc-Type:") ? 1U : 0U);
}

unsigned defectsOfPrefix(const PemBlock& block, bool escaped) {
  const auto prefix = trimmed(block.prefix, " \t\"'\\");
  if (prefix.empty()) return isBlank(block.prefix) && !block.prefix.empty() ? kIndented : 0;
  if (std::ranges::any_of(prefix, isLetterOrDigit) || escaped) return kPrefixed;
  return isAscii(prefix) ? kMarked : 0;
}

// The defects of the END line and of the lines before it.
unsigned defectsOfEnd(const PemBlock& block, bool escaped, bool returns) {
  unsigned defects = 0;
  const auto set = [&](Defect defect, bool has) { defects |= has ? defect : 0U; };
  const auto at = block.end_line.find("END ");
  const auto before = block.end_line.substr(0, at);
  const auto after = trimmed(block.end_line.substr(at + 4 + block.end_label.size()), " -\t\"'");
  set(kOneLine, !escaped && !returns && std::ranges::any_of(before, isLetterOrDigit));
  set(kIndented, isBlank(before.substr(0, 1)) && !before.empty());
  // Text after the dashes, such as the comma and the brace of JSON.
  set(kDashes, !after.empty() && !after.starts_with('\\'));
  set(kBlankLines, !returns && hasBlankLines(block.body));
  return defects;
}

}  // namespace

std::span<const DefectInfo> pemDefects() {
  return kDefects;
}

unsigned defectsOf(const PemBlock& block) {
  unsigned defects = 0;
  const auto set = [&](Defect defect, bool has) { defects |= has ? defect : 0U; };
  const bool escaped = contains(block.armour, "\\n") || contains(block.armour, "\\r");
  const bool returns = !contains(block.armour, "\n") && contains(block.armour, "\r");
  set(kNotAscii, !isAscii(block.prefix) || !isAscii(block.body));
  set(kLoneReturns, returns);
  set(kEscaped, escaped);
  set(kQuoted, block.prefix.find_first_of("\"'") != block.prefix.npos ||
                   block.end_line.find_first_of("\"'") != block.end_line.npos);
  set(kDashes, !block.right_dashes);
  defects |= defectsOfPrefix(block, escaped);
  const bool rest = std::ranges::any_of(block.rest, isLetterOrDigit);
  set(kOneLine, rest && !escaped);
  set(kDashes, !rest && !isBlank(block.rest));
  set(kGlued, block.glued && (!escaped || !contains(block.prefix, "\\n")));
  if (!block.end_label.empty()) defects |= defectsOfEnd(block, escaped, returns);
  // Splitting lines makes empty lines.
  set(kBlankLines, (defects & (kOneLine | kGlued)) != 0);
  return defects;
}

}  // namespace postern::tls
