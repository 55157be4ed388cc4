#include "base/log_on_change.h"

#include "base/log.h"

namespace postern {

bool LogOnChange::begins(std::string_view cause) {
  if (cause_ == cause) return false;
  cause_ = cause;
  return true;
}

bool LogOnChange::ends() {
  const bool held = cause_.has_value();
  cause_.reset();
  return held;
}

void logFailure(LogOnChange& failing, std::string_view what, const Result<void>& tried,
                std::string_view next) {
  if (tried) {
    if (failing.ends()) log::info(std::string(what) + " works again");
    return;
  }
  const auto& error = tried.error();
  if (!failing.begins(error.what)) return;
  log::warn(std::string(what) + " fails",
            {{"fault", faultName(error.fault)}, {"error", error.what}, {"next", next}});
}

}  // namespace postern
