#include "tls/store.h"

#include "base/log.h"
#include "tls/certificate.h"
#include "tls/files.h"

namespace postern::tls {

Store::Store(config::Tls config, std::string target, const Clock& clock)
    : config_(std::move(config)), target_(std::move(target)), clock_(clock) {
  if (config_.insecure_skip_verify) {
    log::warn("the server's certificate is not verified: insecure_skip_verify is set",
              {{"target", target_}});
  }
  reload(signatureOf(config_));
}

Result<std::shared_ptr<const Material>> Store::current() const {
  const std::lock_guard lock(mutex_);
  if (material_) return material_;
  return *error_;
}

void Store::poll() {
  std::string signature = signatureOf(config_);
  {
    const std::lock_guard lock(mutex_);
    if (signature == signature_ && !error_) return;
  }
  reload(std::move(signature));
}

Store::Status Store::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

// `signature` is older than what is read, so that a change in between is seen by the next poll.
void Store::reload(std::string signature) {
  auto loaded = Material::load(config_, clock_.system());
  if (loaded) {
    take(*std::move(loaded));
  } else {
    keep(std::move(loaded).error(), signature != signature_);
  }
  signature_ = std::move(signature);
}

void Store::take(std::shared_ptr<const Material> material) {
  const auto& validity = material->clientValidity();
  log::info("TLS material loaded",
            {{"target", target_},
             {"client_not_after", validity ? timeText(validity->not_after) : "none"}});
  for (const auto& warning : material->warnings()) log::warn(warning, {{"target", target_}});
  const std::lock_guard lock(mutex_);
  if (material_) ++status_.reloads;
  material_.swap(material);  // the old one goes after the lock
  status_.loaded = true;
  status_.error.clear();
  error_.reset();
}

void Store::keep(Error error, bool files_changed) {
  if (files_changed) {
    // Only this thread writes material_.
    log::warn(material_ ? "TLS material is bad, the last good one stays in use"
                        : "TLS material is bad, nothing can be scraped",
              {{"target", target_}, {"error", error.what}});
  }
  error.next = "the files are looked at again every second";
  const std::lock_guard lock(mutex_);
  if (files_changed) ++status_.failed_reloads;
  status_.error = error.what;
  error_ = std::move(error);
}

}  // namespace postern::tls
