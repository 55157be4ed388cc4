#include "scrape/exception_guard.h"

#include <typeinfo>

#include "base/log.h"

namespace postern::scrape {

Error outOfMemory() {
  return {Fault::Limit,
          "there is not enough memory for the page: raise the memory limit, or set "
          "sample_limit or match",
          "",
          {}};
}

Error unexpected(const std::exception& failure) {
  log::error("an exception ended a page", {{"type", typeid(failure).name()}});
  return {
      Fault::Format, "the page could not be read: an internal error, which the log names", "", {}};
}

}  // namespace postern::scrape
