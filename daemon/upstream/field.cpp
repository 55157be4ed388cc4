#include "upstream/field.h"

#include "base/token.h"

namespace postern::upstream {

std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lowerCase(c);
  return result;
}

}  // namespace postern::upstream
