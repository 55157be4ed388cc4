#include "kube/trouble.h"

#include <utility>

#include "base/log.h"

namespace postern::kube {

Trouble::Trouble(std::string what) : what_(std::move(what)) {}

void Trouble::note(const Result<void>& tried, std::string_view next) {
  if (tried) {
    if (!now_.empty()) log::info(what_ + " works again");
    now_.clear();
    return;
  }
  if (tried.error().what == now_) return;
  now_ = tried.error().what;
  log::warn(what_ + " fails",
            {{"fault", faultName(tried.error().fault)}, {"error", now_}, {"next", next}});
}

}  // namespace postern::kube
