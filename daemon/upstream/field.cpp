#include "upstream/field.h"

#include "base/token.h"

namespace postern::upstream {

// Looks at all of it without asking at each byte whether to go on, so that many go at a time.
bool isFieldValue(std::string_view text) {
  unsigned char control = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    control |= static_cast<unsigned char>((byte < 0x20 && byte != '\t') || byte == 0x7f);
  }
  return control == 0;
}

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
