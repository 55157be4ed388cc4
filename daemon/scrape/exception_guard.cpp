#include "scrape/exception_guard.h"

#include <typeinfo>
#include <utility>

#include "base/log.h"

namespace postern::scrape {

Error outOfMemory() {
  return {Fault::Limit,
          "there is not enough memory for the page: raise the memory limit, or set "
          "sample_limit or match"};
}

Error unexpected(const std::exception& failure) {
  log::error("an exception ended a page", {{"type", typeid(failure).name()}});
  return {Fault::Format, "the page could not be read: an internal error, which the log names"};
}

async::Task<std::optional<Error>> guardExceptions(async::Task<> work) {
  try {
    co_await std::move(work);
  } catch (const std::bad_alloc&) {
    co_return outOfMemory();
  } catch (const std::exception& failure) {
    co_return unexpected(failure);
  }
  co_return std::nullopt;
}

}  // namespace postern::scrape
