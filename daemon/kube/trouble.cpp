#include "kube/trouble.h"

#include <utility>

#include "base/log.h"

namespace postern::kube {

Trouble::Trouble(std::string what, std::string next)
    : what_(std::move(what)), next_(std::move(next)) {}

void Trouble::note(const Result<void>& tried) {
  if (tried) {
    if (!now_.empty()) log::info(what_ + " works again");
    now_.clear();
    return;
  }
  if (tried.error().what == now_) return;
  now_ = tried.error().what;
  log::warn(what_ + " fails",
            {{"fault", faultName(tried.error().fault)}, {"error", now_}, {"next", next_}});
}

}  // namespace postern::kube
