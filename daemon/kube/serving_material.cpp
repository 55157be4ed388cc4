#include "kube/serving_material.h"

#include "base/log.h"
#include "tls/certificate.h"
#include "tls/files.h"

namespace postern::kube {

ServingMaterial::ServingMaterial() : context_(tls::makeClosedContext()) {}

std::shared_ptr<SSL_CTX> ServingMaterial::now() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

ServingMaterial::Status ServingMaterial::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void ServingMaterial::publish(const tls::ServerContext& context) {
  const std::lock_guard lock(mutex_);
  context_ = context.context;
  status_.ready = true;
  if (context.server) status_.not_after = context.server->not_after;
}

MountedPair::MountedPair(const config::Path& folder, ServingMaterial& material, const Clock& clock)
    : material_(material), clock_(clock) {
  files_.cert_file = folder / "tls.crt";
  files_.key_file = folder / "tls.key";
}

void MountedPair::poll() {
  auto signature = tls::signatureOf(tls::filesOf(files_, {}));
  if (signature == signature_ && error_.empty()) return;
  signature_ = std::move(signature);
  const auto loaded = tls::loadServerContext(files_, {}, clock_.system());
  if (!loaded) {
    if (loaded.error().what == error_) return;
    error_ = loaded.error().what;
    log::error(material_.status().ready
                   ? "the serving certificate is not renewed, the last one stays"
                   : "no serving certificate: every connection is refused until there is one",
               {{"error", error_}});
    return;
  }
  error_.clear();
  material_.publish(*loaded);
  for (const auto& warning : loaded->warnings) log::warn("serving certificate: " + warning);
  log::info("serving certificate loaded",
            {{"file", files_.cert_file.string()},
             {"not_after", loaded->server ? tls::timeText(loaded->server->not_after) : "none"}});
}

}  // namespace postern::kube
