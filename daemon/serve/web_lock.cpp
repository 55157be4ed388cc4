#include "serve/web_lock.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "serve/bcrypt.h"
#include "tls/certificate.h"
#include "tls/files.h"

namespace postern::serve {
namespace {

constexpr std::chrono::seconds kBusyFor{1};

Admission refusal(int status, std::string_view body) {
  Admission verdict;
  verdict.allowed = false;
  verdict.head.status = status;
  verdict.body = body;
  return verdict;
}

void setRetryAfter(Admission& verdict, std::chrono::seconds wait) {
  verdict.head.headers.emplace_back("Retry-After", std::to_string(wait.count()));
}

Admission throttled(const RateLimiter& limiter) {
  auto verdict = refusal(429, "too many requests: rate_limit lets no more of them in for now\n");
  if (const auto wait = limiter.wait()) setRetryAfter(verdict, *wait);
  return verdict;
}

Admission unauthorized() {
  auto verdict = refusal(401, "unauthorized: a user's name and password are needed\n");
  // RFC 7617, section 2: the realm is required.
  verdict.head.headers.emplace_back("WWW-Authenticate", "Basic realm=\"postern\"");
  return verdict;
}

Admission busy() {
  auto verdict =
      refusal(503, "busy: too many passwords are being checked at once; try again later\n");
  verdict.head.reason = "busy";
  setRetryAfter(verdict, kBusyFor);
  return verdict;
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
  return before.tls ? "tls_server_config is gone: to speak plain HTTP again takes a restart"
                    : "tls_server_config is new: to begin to speak TLS takes a restart";
}

}  // namespace

Admission WebLock::Snapshot::judge(const http::Request& request, bool open) const {
  const auto count = [&](Reason reason) { ++counts->refused[static_cast<std::size_t>(reason)]; };
  if (limiter && !limiter->take()) {
    count(Reason::RateLimit);
    return throttled(*limiter);
  }
  if (!auth || open) return {};
  switch (auth->judge(request.header("authorization"))) {
    case BasicAuth::Answer::Allowed: return {};
    case BasicAuth::Answer::Busy: count(Reason::Busy); return busy();
    case BasicAuth::Answer::Refused: break;
  }
  count(Reason::Unauthorized);
  return unauthorized();
}

bool WebLock::Snapshot::settled(const http::Request& request) const {
  return !auth || auth->settled(request.header("authorization"));
}

WebLock::WebLock(Files files, const Clock& clock, Outside outside)
    : files_(std::move(files)), clock_(clock), outside_(std::move(outside)) {
  if (files_.config.empty()) {
    publish({}, nullptr);
    return;
  }
  status_.configured = true;
  const auto of_config = tls::signatureOf(files_.config);
  const auto read = config::loadWebConfig(files_.config);
  complaints_ = read.complaints;
  close(read.config);
  if (complaints_.empty()) use(read, of_config);
}

std::shared_ptr<const WebLock::Snapshot> WebLock::now() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

WebLock::Status WebLock::status() const {
  const std::lock_guard lock(mutex_);
  Status status = status_;
  for (std::size_t i = 0; i < status.refused.size(); ++i) status.refused[i] = counts_->refused[i];
  return status;
}

void WebLock::poll() {
  if (files_.config.empty()) return;
  const auto of_config = tls::signatureOf(files_.config);
  const auto signature = of_config + tls::signatureOf(named_);
  if (signature == signature_ && !failing_) return;
  const auto read = config::loadWebConfig(files_.config);
  auto complaints = read.complaints;
  if (outside_) std::ranges::move(outside_(read.files), std::back_inserter(complaints));
  if (!complaints.empty()) {
    std::vector<std::string> errors;
    errors.reserve(complaints.size());
    for (const auto& complaint : complaints) errors.push_back(complaint.text());
    keep(errors, signature);
  } else if (const auto why = needsRestart(config_, read.config); !why.empty()) {
    keep({files_.config.string() + ": " + std::string(why)}, signature);
  } else if (takesOff(config_, read.config) && resting_ != signature) {
    resting_ = signature;  // signature_ stays as it is, so that the next poll looks again
  } else {
    use(read, of_config);
  }
}

// `of_config` is the signature of the file before it was read; those of the others are taken before
// they are, so that a change in between is seen by the next poll.
void WebLock::use(const config::WebConfigLoaded& read, const std::string& of_config) {
  named_ = namedFiles(read.config, files_.key_password);
  auto signature = of_config + tls::signatureOf(named_);
  tls::ServerContext context;
  if (read.config.tls) {
    auto loaded = tls::loadServerContext(*read.config.tls, files_.key_password, clock_.system());
    if (!loaded) {
      keep({loaded.error().what}, signature);
      return;
    }
    context = *std::move(loaded);
  }
  signature_ = std::move(signature);
  take(read, context);
}

void WebLock::take(const config::WebConfigLoaded& read, const tls::ServerContext& context) {
  const auto& config = read.config;
  failing_ = false;
  resting_.clear();
  for (const auto& warning : read.warnings) log::warn("web configuration: " + warning);
  for (const auto& warning : context.warnings) log::warn("web configuration: " + warning);
  if (config.tls && config.http2_wanted) {
    log::info("http2: true is accepted in the web configuration; HTTP/1.1 is spoken");
  }
  log::info("web configuration loaded",
            {{"file", files_.config.string()},
             {"tls", config.tls ? "true" : "false"},
             {"users", config.basic_auth_users.size()},
             {"not_after", context.server ? tls::timeText(context.server->not_after) : "none"}});
  publish(config, context.context);
  const std::lock_guard lock(mutex_);
  status_.reload_successful = true;
  status_.reloaded = clock_.system();
  status_.closed = false;
  status_.error.clear();
  status_.server = context.server;
  status_.client_ca = context.client_ca;
}

// As at start, while nothing has been loaded.
void WebLock::close(const config::WebConfig& config) {
  publish(config, tls::makeClosedContext());
  status_.closed = true;
}

// What a change does not touch goes on: the passwords that are remembered, the bucket as it is.
void WebLock::publish(const config::WebConfig& config, std::shared_ptr<SSL_CTX> context) {
  const auto before = now();
  auto next = std::make_shared<Snapshot>();
  next->tls = std::move(context);
  next->headers = config.headers;
  next->counts = counts_;
  if (before && before->auth && config.basic_auth_users == config_.basic_auth_users) {
    next->auth = before->auth;
  } else if (!config.basic_auth_users.empty()) {
    next->auth = std::make_shared<BasicAuth>(config.basic_auth_users, matchesBcrypt);
  }
  if (before && before->limiter && config.rate_limit == config_.rate_limit) {
    next->limiter = before->limiter;
  } else if (config.rate_limit.interval > std::chrono::nanoseconds(0)) {
    next->limiter = std::make_shared<RateLimiter>(config.rate_limit, clock_);
  }
  config_ = config;
  const std::lock_guard lock(mutex_);
  snapshot_ = std::move(next);
}

void WebLock::keep(const std::vector<std::string>& errors, const std::string& signature) {
  const bool news = signature != signature_;
  std::string all;
  for (const auto& error : errors) {
    all += (all.empty() ? "" : "; ") + error;
    // Only this thread writes status_.
    if (news) {
      log::error(status_.closed
                     ? "web configuration: every connection is refused until this is mended"
                     : "web configuration not reloaded, the running one stays",
                 {{"error", error}});
    }
  }
  failing_ = true;
  signature_ = signature;
  const std::lock_guard lock(mutex_);
  status_.reload_successful = false;
  status_.error = std::move(all);
}

}  // namespace postern::serve
