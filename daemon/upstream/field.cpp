#include "upstream/field.h"

#include "base/token.h"

namespace postern::upstream {

std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lowerCase(c);
  return result;
}

bool hasListItem(std::string_view list, std::string_view item) {
  bool found = false;
  forEachElement(list,
                 [&](std::string_view element) { found |= equalsIgnoringCase(element, item); });
  return found;
}

}  // namespace postern::upstream
