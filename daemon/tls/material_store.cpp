#include "tls/material_store.h"

#include <algorithm>

#include "base/date.h"
#include "base/log.h"
#include "tls/certificate.h"
#include "tls/files.h"

namespace postern::tls {

MaterialStore::MaterialStore(config::Tls config, std::string target, const Clock& clock)
    : config_(std::move(config)),
      target_(std::move(target)),
      clock_(clock),
      reloading_(*this, clock, std::chrono::milliseconds(0)) {
  if (config_.insecure_skip_verify) {
    log::warn("the server's certificate is not verified: insecure_skip_verify is set",
              {{"target", target_}});
  }
  poll();
}

MaterialStoreStatus MaterialStore::status() const {
  const auto now = reloading_.status();
  return {now.loads - std::min<std::uint64_t>(now.loads, 1), now.failures, now.loads > 0,
          now.error ? now.error->what : std::string()};
}

std::string MaterialStore::signature() {
  return signatureOf(config_);
}

Result<MaterialStore::Snapshot> MaterialStore::load(const Snapshot& /*former*/,
                                                    std::string& /*signature*/) {
  auto loaded = Material::load(config_, clock_.system());
  if (loaded) return loaded;
  auto error = std::move(loaded).error();
  error.next = "the files are checked again every second";
  return error;
}

void MaterialStore::onLoaded(const Snapshot& material) {
  const auto& validity = material->clientValidity();
  log::info("TLS material loaded",
            {{"target", target_},
             {"client_not_after", validity ? rfc3339(validity->not_after) : "none"}});
  for (const auto& warning : material->warnings()) log::warn(warning, {{"target", target_}});
}

void MaterialStore::onFailed(const ReloadFailure& failure) {
  if (!failure.new_signature) return;
  log::warn(failure.has_snapshot ? "TLS material is invalid, the last valid one stays in use"
                                 : "TLS material is invalid, nothing can be scraped",
            {{"target", target_}, {"error", failure.error.what}});
}

}  // namespace postern::tls
