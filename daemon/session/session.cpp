#include "session/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "async/offload.h"
#include "async/scope.h"
#include "base/log.h"
#include "session/credential_reading.h"

namespace postern::session {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr milliseconds kMargin = minutes(5);  // before a token expires, or a tenth of its life
// The shortest life of a token, however short its own is. All pages of a scrape share one login,
// and the service answers 401 when it no longer accepts the token.
constexpr milliseconds kShortestLife = seconds(1);

// "Authorization: <type> <credential>" of a credential that needs no login.
Secret directAuthorization(const credentials::Credential& credential, const std::string& type) {
  if (!credential.token.empty()) {
    Secret value(type + " ");
    value.append(credential.token.reveal());
    return value;
  }
  if (!credential.password.empty() || credential.api_key.empty()) {
    return basicAuthorization(credential);
  }
  Secret value("Apikey ");
  value.append(credential.api_key.reveal());
  return value;
}

Error readingTakesLong() {
  return {Fault::CredentialSource,
          "the credential was not read in time: check that its volume or database responds"};
}

Error loginTimedOut() {
  return {Fault::Timeout, "the login in progress took longer than this scrape allows"};
}

}  // namespace

// Marks an unproven credential as sent. Ends when its request has been judged or given up.
struct Session::Probe {
  Session& session;
  bool open = true;

  explicit Probe(Session& owner) : session(owner) {}
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe() { end(); }
  void end() {
    if (!std::exchange(open, false)) return;
    session.gate_.forgetAttempt();
    session.endAttempt();
  }
};

Session::Session(const config::Target& target, SessionParts parts, Draw draw, StateFile state)
    : target_(target.name),
      url_path_(target.url.path),
      authorization_type_(target.credentials ? target.credentials->authorization_type : ""),
      store_(std::move(parts.store)),
      loop_(parts.loop),
      runner_(parts.runner),
      exchange_(target, parts.client, parts.loop.clock()),
      gate_(target.name, target.login ? target.login->backoff : config::BackoffOptions(),
            parts.loop.clock(), std::move(draw), std::move(state)) {
  if (store_ && gate_.afterRejection()) store_->rejected();
}

std::optional<Authorization> Session::readyAuthorization() {
  if (!store_) return Authorization{};
  forgetChangedCredential();
  auto ready = usable();
  if (ready && renewalIsDue()) ready.reset();
  return ready;
}

async::Task<Result<Authorization>> Session::authorize(async::Scope& scope,
                                                      SteadyTime login_deadline) {
  if (!store_) co_return Authorization{};
  while (true) {
    forgetChangedCredential();
    auto ready = usable();
    if (ready && (scope.ended() || !renewalIsDue())) co_return *std::move(ready);
    if (scope.ended()) co_return loginTimedOut();
    if (!ready && !busy_) {
      if (auto waiting = mustWait()) co_return *std::move(waiting);
      if (current_ && !current_->is_token) co_return co_await startProbe(scope);
    }
    const auto before = attempts_;
    if (!std::exchange(busy_, true)) logins_.add(attempt(login_deadline));
    if (busy_) {
      const bool ended = co_await attempt_ended_.wait(scope);
      if (!ended) co_return loginTimedOut();
    }
    // The result of the login that this task waited for is its result too. The old token stays in
    // use while its renewal fails.
    if (attempts_ != before && last_error_ && !usable()) co_return *last_error_;
  }
}

// Only one request at a time carries an unproven credential.
async::Task<Result<Authorization>> Session::startProbe(async::Scope& scope) {
  busy_ = true;
  Authorization authorization{current_->header, current_->value, current_->generation, nullptr,
                              std::make_shared<Probe>(*this)};
  gate_.attempt(current_->source->fingerprint());
  const bool waited = co_await waitUntilSaved(scope);
  if (!waited) co_return loginTimedOut();
  co_return authorization;
}

// Whether a usable token should be renewed.
bool Session::renewalIsDue() {
  const bool renew = current_->is_token && loop_.now() >= current_->renew;
  return renew && !busy_ && !mustWait();
}

// A credential without a login stays valid until its source has another one.
void Session::forgetChangedCredential() {
  if (!current_ || current_->is_token) return;
  const auto loaded = store_->current();
  if (loaded != current_->source) current_.reset();
}

// The authorization that any request may use at any time: a token that has not expired, or a proven
// credential.
std::optional<Authorization> Session::usable() const {
  if (!current_) return std::nullopt;
  const bool good =
      current_->is_token ? loop_.now() < current_->expires : !current_->accepted_by.empty();
  if (!good) return std::nullopt;
  return Authorization{current_->header, current_->value, current_->generation, current_->cookies};
}

async::Task<> Session::attempt(SteadyTime deadline) {
  async::Scope scope(loop_, deadline);
  const auto result = co_await obtain(scope);
  noteResult(result ? std::nullopt : std::optional(result.error()));
  endAttempt();
}

// Sets current_, after a login if the credential needs one.
async::Task<Result<void>> Session::obtain(async::Scope& scope) {
  // A volume that hangs blocks one thread, not one for each attempt.
  if (!reading_.expired()) co_return readingTakesLong();
  CredentialReading reading(store_, exchange_.config(), scope);
  reading_ = reading.running();
  auto got = co_await async::offload(runner_, scope, std::move(reading));
  if (!got) co_return readingTakesLong();
  if (!got->credential) co_return std::move(got->credential).error();
  if (!got->headers) co_return std::move(got->headers).error();
  if (got->logs_in) co_return co_await logIn(*got->credential, *got->headers, scope);
  exchange_.forgetTransport();
  current_ = currentOf(*got->credential);
  co_return Result<void>();
}

// Waits until the state is on disk, or the write takes too long. Returns false if the scope ends
// first.
async::Task<bool> Session::waitUntilSaved(async::Scope& scope) {
  const auto flush = gate_.flush();
  if (!flush.needed()) co_return true;
  auto wait = [flush] { return flush.wait(); };
  const auto waited = co_await async::offload(runner_, scope, std::move(wait));
  co_return waited.has_value();
}

async::Task<Result<void>> Session::logIn(const credentials::LoadedCredential& loaded,
                                         const credentials::SecretHeaders& headers,
                                         async::Scope& scope) {
  gate_.attempt(loaded->fingerprint());
  // If the scope ends earlier, the exchange fails and sends nothing.
  co_await waitUntilSaved(scope);
  auto token = co_await exchange_.logIn(loaded->credential, headers, scope);
  if (!token) co_return failedWith(token.error(), loaded->fingerprint());
  const auto life = std::max(token->life, kShortestLife);
  token->life = life;
  current_ = currentOf(*std::move(token), loaded);
  gate_.succeeded();
  ++status_.successes;
  status_.last_success = loop_.clock().system();
  status_.token_expiry = loop_.clock().system() + life;
  log::info("logged in", {{"target", target_}, {"expires_in_seconds", life.count() / 1000}});
  co_return Result<void>();
}

Session::Current Session::currentOf(Token token, const credentials::LoadedCredential& loaded) {
  Current fresh;
  upstream::Request header;
  setSecretHeader(header, exchange_.config()->send_as, token.value);
  fresh.header = header.secret_header;
  fresh.value = std::move(header.secret_value);
  fresh.generation = ++generations_;
  fresh.source = loaded;
  fresh.is_token = true;
  fresh.expires = loop_.now() + token.life;
  fresh.renew = fresh.expires - std::min(kMargin, token.life / 10);
  if (!token.cookies.empty()) {
    fresh.cookies =
        std::make_shared<const CookieJar>(CookieJar{std::move(token.cookies), loop_.now()});
  }
  return fresh;
}

Session::Current Session::currentOf(const credentials::LoadedCredential& loaded) {
  Current direct;
  direct.header = "Authorization";
  direct.value = directAuthorization(loaded->credential, authorization_type_);
  direct.generation = ++generations_;
  direct.source = loaded;
  return direct;
}

// The waiters continue in a later turn, and see the state noted until then.
void Session::endAttempt() {
  busy_ = false;
  attempt_ended_.set();
  attempt_ended_.reset();
}

void Session::noteResult(std::optional<Error> error) {
  ++attempts_;
  last_error_ = std::move(error);
}

// Counts the failure, starts the wait after it and completes the error with it.
Error Session::failedWith(const Error& error, const std::string& fingerprint) {
  countFailure(error.fault);
  if (failureKindOf(error.fault) == FailureKind::Rejected) store_->rejected();
  return gate_.failed(error, fingerprint);
}

void Session::countFailure(Fault fault) {
  switch (failureKindOf(fault)) {
    case FailureKind::Rejected: ++status_.rejected; break;
    case FailureKind::Throttled: ++status_.throttled; break;
    case FailureKind::Failed: ++status_.failed; break;
    case FailureKind::Unreachable: ++status_.unreachable; break;
  }
}

std::optional<Error> Session::mustWait() {
  // Only such a wait depends on a changed credential.
  const auto loaded = gate_.afterRejection() ? store_->current() : nullptr;
  return gate_.inForce(loaded ? loaded->fingerprint() : "");
}

void Session::addCookies(const Authorization& authorization, upstream::Request& request) const {
  if (!authorization.cookies) return;
  const auto& jar = *authorization.cookies;
  const auto age = std::chrono::duration_cast<milliseconds>(loop_.now() - jar.since);
  session::addCookies(request, writeCookies(jar.cookies, request.path, age));
}

void Session::accepted(const Authorization& authorization, std::size_t page) {
  if (authorization.header.empty()) return;
  if (authorization.probe) static_cast<Probe*>(authorization.probe.get())->end();
  if (!current_ || current_->generation != authorization.generation) return;
  if (current_->accepted_by.empty()) proven();
  current_->accepted_by.insert(page);
}

// The service accepts the credential: its earlier failures are forgotten.
void Session::proven() {
  if (!current_->is_token) {
    ++status_.successes;
    status_.last_success = loop_.clock().system();
  }
  gate_.accepted();
  store_->accepted();
}

bool Session::refused(const Authorization& authorization, std::size_t page, bool replayed) {
  if (authorization.header.empty()) return false;
  if (authorization.probe) static_cast<Probe*>(authorization.probe.get())->end();
  const bool outdated = !current_ || current_->generation != authorization.generation;
  if (outdated) return !replayed && refused_generation_ != authorization.generation;
  if (!current_->is_token) {
    // It carried a password or key, so it counts as a login.
    refused_generation_ = authorization.generation;
    const std::string print = current_->source->fingerprint();
    current_.reset();
    noteResult(
        failedWith({Fault::LoginRejected, "the service answered 401 to the credential"}, print));
    return false;
  }
  if (replayed || !current_->accepted_by.contains(page)) return false;
  current_.reset();
  return true;
}

bool Session::countRefusal(std::uint64_t generation) {
  if (refused_generation_ == generation) return true;
  if (!current_ || current_->generation != generation || !current_->accepted_by.empty())
    return false;
  refused_generation_ = generation;
  const std::string print = current_->source->fingerprint();
  current_.reset();
  status_.token_expiry.reset();
  // This is not a failed login, because it returned a token. But sending the credential again would
  // not help.
  gate_.failed({Fault::LoginRejected,
                "the service answered 401 to the token that its own login returned",
                "",
                {}},
               print);
  store_->rejected();
  return true;
}

bool Session::sendsCredentialItself() const {
  if (!store_) return false;
  const auto loaded = store_->current();
  return loaded ? !logsIn(exchange_.config(), loaded->credential) : !exchange_.config();
}

std::optional<Error> Session::waiting() {
  if (!store_) return std::nullopt;
  forgetChangedCredential();
  return usable() ? std::nullopt : mustWait();
}

void Session::onNetworkChange() {
  gate_.onNetworkChange();
}

async::Task<> Session::logout(async::Scope& scope) {
  const auto& login = exchange_.config();
  if (!login || !login->logout || !login->logout_at_exit) co_return;
  if (!current_ || !current_->is_token || loop_.now() >= current_->expires) co_return;
  auto request = makeLogout(*login->logout, url_path_, current_->header, current_->value);
  Authorization token;
  token.cookies = current_->cookies;
  current_.reset();
  auto read = [headers = login->http_headers] { return credentials::readHeaders(headers); };
  auto headers = co_await async::offload(runner_, scope, std::move(read));
  Result<void> result;
  if (!headers) {
    result = Error{Fault::Timeout, "reading http_headers took too long"};
  } else if (!*headers) {
    result = std::move(*headers).error();
  } else {
    request.secret_headers = **std::move(headers);
    addCookies(token, request);
    result = co_await exchange_.logOut(std::move(request), scope);
  }
  if (result) {
    log::info("logged out", {{"target", target_}});
  } else {
    log::warn("logout failed", {{"target", target_}, {"error", result.error().what}});
  }
}

SessionStatus Session::status() const {
  SessionStatus status = status_;
  status.login_transport = exchange_.transport();
  const auto waiting = gate_.status();
  status.waiting = waiting.in_force;
  status.next_attempt = waiting.until;
  status.waiting_after = waiting.after;
  status.logged_in = usable().has_value();
  status.rejections = waiting.rejections;
  return status;
}

}  // namespace postern::session
