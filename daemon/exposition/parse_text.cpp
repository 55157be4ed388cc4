#include <utility>

#include "exposition/families.h"
#include "exposition/family_index.h"
#include "exposition/text_line.h"

namespace postern::exposition {
namespace {

// Takes one line of a page that has been checked.
void take(const Line& line, std::string_view whole, Families& page, FamilyIndex& index) {
  switch (line.kind) {
    case LineKind::Blank:
    case LineKind::Unit:
    case LineKind::Eof:
    case LineKind::Comment: return;
    case LineKind::Help: {
      Family& family = index.named(line.name);
      if (family.help.empty()) family.help = line.text;
      return;
    }
    case LineKind::Type: {
      Family& family = index.named(line.name);
      if (family.type.empty()) family.type = line.text;
      return;
    }
    case LineKind::Sample:
      index.ofSample(line.name).samples += whole;
      ++page.samples;
      return;
  }
}

}  // namespace

Result<Families> parseText(std::string_view page, const Limits& limits, bool honor_timestamps) {
  TextChecker checker(limits, honor_timestamps);
  std::string checked;
  checked.reserve(page.size() + 1);
  auto fed = checker.feed(page, checked);
  if (fed) fed = checker.finish(checked);
  if (!fed) return std::move(fed).error();

  Families families;
  FamilyIndex index(families);
  TextLineParser parser;
  const char* const end = checked.data() + checked.size();
  for (const char* line = checked.data(); line != end; line = parser.after()) {
    parser.next(line, end, /*utf8_known=*/true);
    take(parser.line(), std::string_view(line, parser.after()), families, index);
  }
  return families;
}

}  // namespace postern::exposition
