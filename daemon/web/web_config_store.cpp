#include "web/web_config_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/date.h"
#include "base/log.h"
#include "tls/certificate.h"
#include "tls/files.h"
#include "web/bcrypt.h"

namespace postern::web {
namespace {

constexpr std::chrono::seconds kBusyFor{1};

Admission refusal(int status, std::string_view body) {
  Admission admission;
  admission.allowed = false;
  admission.head.status = status;
  admission.body = body;
  return admission;
}

void setRetryAfter(Admission& admission, std::chrono::seconds wait) {
  admission.head.headers.emplace_back("Retry-After", std::to_string(wait.count()));
}

Admission throttled(const RateLimiter& limiter) {
  auto admission = refusal(429, "too many requests: rate_limit admits no more for now\n");
  if (const auto wait = limiter.wait()) setRetryAfter(admission, *wait);
  return admission;
}

Admission unauthorized() {
  auto admission = refusal(401, "unauthorized: user name and password are required\n");
  // RFC 7617, section 2: the realm is required.
  admission.head.headers.emplace_back("WWW-Authenticate", "Basic realm=\"postern\"");
  return admission;
}

Admission busy() {
  auto admission =
      refusal(503, "busy: too many passwords are being checked at once; try again later\n");
  admission.head.reason = "busy";
  setRetryAfter(admission, kBusyFor);
  return admission;
}

config::Tls namedFiles(const config::WebConfig& config, const config::Path& key_password) {
  return config.tls ? tls::filesOf(*config.tls, key_password) : config::Tls();
}

bool takesOff(const config::WebConfig& before, const config::WebConfig& next) {
  if (!before.basic_auth_users.empty() && next.basic_auth_users.empty()) return true;
  if (!before.tls || !next.tls) return false;
  const auto all = config::ClientAuth::RequireAndVerify;
  return (before.tls->client_auth == all && next.tls->client_auth != all) ||
         (!before.tls->crl_file.empty() && next.tls->crl_file.empty()) ||
         (!before.tls->client_allowed_sans.empty() && next.tls->client_allowed_sans.empty());
}

std::string_view needsRestart(const config::WebConfig& before, const config::WebConfig& next) {
  if (before.tls.has_value() == next.tls.has_value()) return {};
  return before.tls ? "tls_server_config was removed: restart postern to return to plain HTTP"
                    : "tls_server_config was added: restart postern to turn on TLS";
}

}  // namespace

Admission WebConfigStore::AccessSnapshot::admit(const http::Request& request, bool open) const {
  const auto count = [&](Rejection reason) { ++counts->refused[static_cast<std::size_t>(reason)]; };
  if (limiter && !limiter->take()) {
    count(Rejection::RateLimit);
    return throttled(*limiter);
  }
  if (!auth || open) return {};
  switch (auth->verify(request.header("authorization"))) {
    case BasicAuth::AuthResult::Allowed: return {};
    case BasicAuth::AuthResult::Busy: count(Rejection::Busy); return busy();
    case BasicAuth::AuthResult::Refused: break;
  }
  count(Rejection::Unauthorized);
  return unauthorized();
}

bool WebConfigStore::AccessSnapshot::settled(const http::Request& request) const {
  return !auth || auth->settled(request.header("authorization"));
}

WebConfigStore::WebConfigStore(WebConfigFiles files, const Clock& clock, Outside outside)
    : files_(std::move(files)),
      clock_(clock),
      outside_(std::move(outside)),
      reloading_(*this, clock, std::chrono::milliseconds(0)) {
  if (files_.config.empty()) {
    at_start_ = make({}, {}, nullptr);
  } else {
    reloading_.poll();
    if (reloading_.now()) at_start_.reset();
  }
}

WebConfigStore::StatePtr WebConfigStore::state() const {
  auto loaded = reloading_.now();
  return loaded ? loaded : at_start_;
}

std::shared_ptr<const WebConfigStore::AccessSnapshot> WebConfigStore::now() const {
  const auto now = state();
  return {now, &now->snapshot};
}

WebConfigStatus WebConfigStore::status() const {
  const auto now = state();
  const auto loads = reloading_.status();
  WebConfigStatus status;
  status.configured = !files_.config.empty();
  status.reload_successful = !loads.error;
  status.reloaded = loads.loaded_at;
  status.closed = status.configured && loads.loads == 0;
  if (loads.error) status.error = loads.error->what;
  status.server = now->server;
  status.client_ca = now->client_ca;
  for (std::size_t i = 0; i < status.refused.size(); ++i) status.refused[i] = counts_->refused[i];
  return status;
}

void WebConfigStore::poll() {
  if (!files_.config.empty()) reloading_.poll();
}

std::string WebConfigStore::signature() {
  return tls::signatureOf(files_.config) + tls::signatureOf(named_);
}

// Takes the signatures of the named files before it reads them, so that the next poll sees a change
// in between.
Result<WebConfigStore::StatePtr> WebConfigStore::load(const StatePtr& former,
                                                      std::string& signature) {
  const auto of_config = tls::signatureOf(files_.config);
  const auto read = config::loadWebConfig(files_.config);
  const bool at_start = !former && !at_start_;
  if (at_start) {
    // Refuses every connection until a load succeeds.
    at_start_ = make(read, {tls::makeClosedContext(), {}, {}, {}}, nullptr);
    start_errors_ = read.errors;
  }
  const auto& before = former ? *former : *at_start_;
  errors_ = mistakesIn(read, at_start);
  if (errors_.empty()) {
    if (const auto why = needsRestart(before.config, read.config); !why.empty())
      errors_ = {fmt::format("{}: {}", files_.config.string(), why)};
  }
  if (errors_.empty()) {
    if (takesOff(before.config, read.config) && resting_ != signature) {
      resting_ = signature;
      return StatePtr();
    }
    named_ = namedFiles(read.config, files_.key_password);
    signature = of_config + tls::signatureOf(named_);
    tls::ServerContext context;
    if (!read.config.tls) return make(read, context, &before);
    auto loaded = tls::loadServerContext(*read.config.tls, files_.key_password, clock_.system());
    if (loaded) return make(read, *std::move(loaded), &before);
    errors_ = {loaded.error().what};
  }
  std::string all;
  for (const auto& error : errors_) all += (all.empty() ? "" : "; ") + error;
  return Error{Fault::Config, std::move(all)};
}

std::vector<std::string> WebConfigStore::mistakesIn(const config::LoadedWebConfig& read,
                                                    bool at_start) {
  auto errors = read.errors;
  if (outside_ && !at_start) std::ranges::move(outside_(read.files), std::back_inserter(errors));
  std::vector<std::string> mistakes;
  mistakes.reserve(errors.size());
  for (const auto& error : errors) mistakes.push_back(error.text());
  return mistakes;
}

// Keeps what a change does not touch: the remembered passwords and the bucket's level.
WebConfigStore::StatePtr WebConfigStore::make(const config::LoadedWebConfig& read,
                                              tls::ServerContext context,
                                              const WebConfigState* before) const {
  const auto& config = read.config;
  auto next = std::make_shared<WebConfigState>();
  next->config = config;
  next->server = context.server;
  next->client_ca = context.client_ca;
  next->warnings = read.warnings;
  std::ranges::move(context.warnings, std::back_inserter(next->warnings));
  auto& snapshot = next->snapshot;
  snapshot.tls = std::move(context.context);
  snapshot.headers = config.headers;
  snapshot.counts = counts_;
  const auto* const kept = before ? &before->snapshot : nullptr;
  if (kept && kept->auth && config.basic_auth_users == before->config.basic_auth_users) {
    snapshot.auth = kept->auth;
  } else if (!config.basic_auth_users.empty()) {
    snapshot.auth = std::make_shared<BasicAuth>(config.basic_auth_users, matchesBcrypt);
  }
  if (kept && kept->limiter && config.rate_limit == before->config.rate_limit) {
    snapshot.limiter = kept->limiter;
  } else if (config.rate_limit.interval > std::chrono::nanoseconds(0)) {
    snapshot.limiter = std::make_shared<RateLimiter>(config.rate_limit, clock_);
  }
  return next;
}

void WebConfigStore::onLoaded(const StatePtr& state) {
  resting_.clear();
  const auto& config = state->config;
  for (const auto& warning : state->warnings) log::warn("web configuration: " + warning);
  if (config.tls && config.http2_wanted) {
    log::info("the web configuration has http2: true; postern accepts the key and speaks HTTP/1.1");
  }
  log::info("web configuration loaded",
            {{"file", files_.config.string()},
             {"tls", config.tls ? "true" : "false"},
             {"users", config.basic_auth_users.size()},
             {"not_after", state->server ? rfc3339(state->server->not_after) : "none"}});
}

// The caller of the constructor logs startErrors(), and the process ends.
void WebConfigStore::onFailed(const ReloadFailure& failure) {
  if (!failure.new_signature || !start_errors_.empty()) return;
  for (const auto& error : errors_) {
    log::error(failure.has_snapshot
                   ? "web configuration not reloaded, the previous one stays in force"
                   : "web configuration: every connection is refused until this is corrected",
               {{"error", error}});
  }
}

}  // namespace postern::web
