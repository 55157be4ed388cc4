#include "kube/serving_material.h"

#include "base/date.h"
#include "base/log.h"
#include "tls/certificate.h"
#include "tls/files.h"

namespace postern::kube {

ServingMaterial::ServingMaterial() : context_(tls::makeClosedContext()) {}

std::shared_ptr<SSL_CTX> ServingMaterial::now() const {
  const MutexLock lock(mutex_);
  return context_;
}

ServingMaterial::MaterialStatus ServingMaterial::status() const {
  const MutexLock lock(mutex_);
  return status_;
}

void ServingMaterial::publish(const tls::ServerContext& context) {
  const MutexLock lock(mutex_);
  context_ = context.context;
  status_.ready = true;
  if (context.server) status_.not_after = context.server->not_after;
}

MountedPair::MountedPair(const config::Path& folder, ServingMaterial& material, const Clock& clock)
    : material_(material), clock_(clock), reloading_(*this, clock, std::chrono::milliseconds(0)) {
  files_.cert_file = folder / "tls.crt";
  files_.key_file = folder / "tls.key";
}

std::string MountedPair::signature() {
  return tls::signatureOf(tls::filesOf(files_, {}));
}

Result<MountedPair::Snapshot> MountedPair::load(const Snapshot& /*former*/,
                                                std::string& /*signature*/) {
  auto loaded = tls::loadServerContext(files_, {}, clock_.system());
  if (!loaded) return std::move(loaded).error();
  return std::make_shared<const tls::ServerContext>(*std::move(loaded));
}

void MountedPair::onLoaded(const Snapshot& context) {
  material_.publish(*context);
  for (const auto& warning : context->warnings) log::warn("serving certificate: " + warning);
  log::info("serving certificate loaded",
            {{"file", files_.cert_file.string()},
             {"not_after", context->server ? rfc3339(context->server->not_after) : "none"}});
}

void MountedPair::onFailed(const ReloadFailure& failure) {
  if (!failure.new_error) return;
  log::error(failure.has_snapshot
                 ? "the serving certificate is not reloaded, the last one stays in use"
                 : "no serving certificate: every connection is refused until one is loaded",
             {{"error", failure.error.what}});
}

}  // namespace postern::kube
