#include "base/version.h"

namespace postern {

std::string_view version() {
  return POSTERN_VERSION;
}
std::string_view revision() {
  return POSTERN_REVISION;
}

}  // namespace postern
