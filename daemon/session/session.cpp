#include "session/session.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace postern::session {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr milliseconds kMargin = minutes(5);  // before a token expires, or a tenth of its life
constexpr minutes kReleaseWindow{15};
constexpr std::size_t kReleases = 3;  // by a changed credential, within the window

// What a login that failed in this way is counted and waited for as.
enum class Outcome { Rejected, Throttled, Failed, Unreachable };

Outcome outcomeOf(Fault fault) {
  switch (fault) {
    case Fault::LoginRejected: return Outcome::Rejected;
    case Fault::LoginThrottled: return Outcome::Throttled;
    case Fault::LoginFailed: return Outcome::Failed;
    default: return Outcome::Unreachable;
  }
}

bool logsIn(const std::optional<config::Login>& login, const credentials::Credential& credential) {
  return login && !credential.username.empty() && !credential.password.empty();
}

// "Authorization: <type> <credential>" of a credential that needs no login.
Secret directAuthorization(const credentials::Credential& credential, const std::string& type) {
  if (!credential.token.empty()) {
    Secret value(type + " ");
    value.append(credential.token.reveal());
    return value;
  }
  if (!credential.password.empty()) return basicAuthorization(credential);
  Secret value("Apikey ");
  value.append(credential.api_key.reveal());
  return value;
}

std::string inSeconds(SteadyTime::duration duration) {
  const auto left = std::max(seconds(1), std::chrono::ceil<seconds>(duration));
  return std::to_string(left.count()) + " s";
}

}  // namespace

// Marks an unproven credential as out; ends when its request has been judged or given up.
struct Session::Trial {
  Session& session;
  bool open = true;  // guarded by the session's lock

  explicit Trial(Session& owner) : session(owner) {}
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  ~Trial() {
    const std::lock_guard lock(session.mutex_);
    end();
  }
  void end() {
    if (!std::exchange(open, false)) return;
    session.busy_ = false;
    session.changed_.notify_all();
  }
};

Session::Session(const config::Target& target, credentials::Store* store,
                 upstream::Exchange& exchange, const Clock& clock, Draw draw, StateFile state)
    : target_(target.name),
      url_path_(target.url.path),
      login_(target.login),
      authorization_type_(target.credentials ? target.credentials->authorization_type : ""),
      steps_(target.login ? target.login->backoff : config::Backoff()),
      store_(store),
      exchange_(exchange),
      clock_(clock),
      state_(std::move(state)),
      saved_(state_.loaded()),
      backoff_(steps_, std::move(draw)) {
  backoff_.resume(saved_.rejections);
  status_.rejections = saved_.rejections;
  const auto left = saved_.next_attempt - clock_.system();
  if (!saved_.never && left.count() <= 0) return;
  // The clock may have jumped while we were away: never longer than a fresh wait would be.
  const auto longest = std::max<SystemTime::duration>(
      {steps_.retry_rejected, steps_.max, 5 * steps_.rejected, minutes(15)});
  waiting_ = Waiting{saved_.fault, "before the last restart", std::nullopt, saved_.fingerprint};
  if (!saved_.never) {
    waiting_->until =
        clock_.steady() + std::chrono::duration_cast<SteadyTime::duration>(std::min(left, longest));
  }
  if (store_ != nullptr && saved_.fault == Fault::LoginRejected) store_->rejected();
}

Result<Authorization> Session::authorize(Deadline deadline, Deadline login_deadline) {
  if (store_ == nullptr) return Authorization{};
  Lock lock(mutex_);
  while (true) {
    forgetChangedCredential();
    if (auto ready = usable()) {
      const bool renew = current_->is_token && clock_.steady() >= current_->renew;
      if (!renew || busy_ || mustWait()) return *std::move(ready);
      // The old token goes on while its renewal fails.
      if (auto renewed = obtain(lock, login_deadline); !renewed && !usable())
        return std::move(renewed).error();
      continue;
    }
    if (busy_) {
      const auto before = attempts_;
      if (changed_.wait_until(lock, deadline.at()) == std::cv_status::timeout) {
        return Error{
            Fault::Timeout, "the login under way took longer than this scrape may", "", {}};
      }
      // What came of the login that we waited for is our answer too.
      if (attempts_ != before && last_error_ && !usable()) return *last_error_;
      continue;
    }
    if (auto waiting = mustWait()) return *std::move(waiting);
    if (current_ && !current_->is_token) return startTrial();
    if (auto obtained = obtain(lock, login_deadline); !obtained) return std::move(obtained).error();
  }
}

// A credential that is sent as it is counts until its source has another one.
void Session::forgetChangedCredential() {
  if (!current_ || current_->is_token) return;
  const auto loaded = store_->current();
  if (!loaded || loaded->fingerprint != current_->fingerprint) current_.reset();
}

// What may be sent by anybody at any time: a token that has not expired, or a proven credential.
std::optional<Authorization> Session::usable() const {
  if (!current_) return std::nullopt;
  const bool good =
      current_->is_token ? clock_.steady() < current_->expires : !current_->accepted_by.empty();
  if (!good) return std::nullopt;
  return Authorization{current_->header, current_->value, current_->generation, nullptr};
}

// An unproven credential goes out with one request at a time.
Authorization Session::startTrial() {
  busy_ = true;
  return Authorization{current_->header, current_->value, current_->generation,
                       std::make_shared<Trial>(*this)};
}

// Sets current_, by a login when the credential asks for one.
Result<void> Session::obtain(Lock& lock, Deadline deadline) {
  busy_ = true;
  lock.unlock();
  auto loaded = store_->refresh(deadline);
  lock.lock();
  Result<void> result;
  if (!loaded) {
    result = std::move(loaded).error();
  } else if (logsIn(login_, (*loaded)->credential)) {
    result = logIn(lock, *loaded, deadline);
  } else {
    Current direct;
    direct.header = "Authorization";
    direct.value = directAuthorization((*loaded)->credential, authorization_type_);
    direct.generation = ++generations_;
    direct.fingerprint = (*loaded)->fingerprint;
    current_ = std::move(direct);
  }
  busy_ = false;
  noteAttempt(result ? std::nullopt : std::optional(result.error()));
  return result;
}

void Session::noteAttempt(std::optional<Error> error) {
  ++attempts_;
  last_error_ = std::move(error);
  changed_.notify_all();
}

Result<void> Session::logIn(Lock& lock, const credentials::Store::Loaded& loaded,
                            Deadline deadline) {
  // Written down before it is sent: a process that is killed meanwhile must not try at once again.
  SavedState pessimistic = saved_;
  pessimistic.fingerprint = loaded->fingerprint;
  pessimistic.fault = Fault::LoginRejected;
  pessimistic.rejections = backoff_.rejections() + 1;
  pessimistic.next_attempt = clock_.system() + steps_.rejected;
  state_.save(pessimistic);

  lock.unlock();
  auto token = exchangeLogin(loaded->credential, deadline);
  lock.lock();
  if (!token) return failedWith(std::move(token).error(), loaded->fingerprint);

  Current fresh;
  upstream::Request header;
  setSecretHeader(header, login_->send_as, token->value);
  fresh.header = header.secret_header;
  fresh.value = std::move(header.secret_value);
  fresh.generation = ++generations_;
  fresh.fingerprint = loaded->fingerprint;
  fresh.is_token = true;
  fresh.expires = clock_.steady() + token->life;
  fresh.renew = fresh.expires - std::min(kMargin, token->life / 10);
  current_ = std::move(fresh);
  waiting_.reset();
  ++status_.successes;
  status_.last_success = clock_.system();
  status_.token_expiry = clock_.system() + token->life;
  save();
  log::info("logged in", {{"target", target_}, {"expires_in_seconds", token->life.count() / 1000}});
  return {};
}

Result<Token> Session::exchangeLogin(const credentials::Credential& credential, Deadline deadline) {
  const auto request = makeLogin(*login_, url_path_, credential);
  Secret body;
  auto response = exchange_.exchange(
      request, deadline, [](const upstream::Response&) { return Result<void>(); },
      [&](std::string_view block) {
        body.append(block);
        return Result<void>();
      });
  if (response) return readLogin(*login_, *response, body, clock_.system());
  auto error = std::move(response).error();
  error.what = "login: " + error.what;
  const bool nonsense = error.fault == Fault::Format || error.fault == Fault::Limit ||
                        error.fault == Fault::Truncated;
  if (nonsense) error.fault = Fault::LoginFailed;
  return error;
}

// Starts the wait that follows this failure, and completes the error by it.
Error Session::failedWith(Error error, const std::string& fingerprint) {
  switch (outcomeOf(error.fault)) {
    case Outcome::Rejected:
      ++status_.rejected;
      wait(error, backoff_.rejected(), fingerprint);
      store_->rejected();
      break;
    case Outcome::Throttled:
      ++status_.throttled;
      wait(error, backoff_.throttled(error.retry_after), fingerprint);
      break;
    case Outcome::Failed:
      ++status_.failed;
      wait(error, backoff_.unreachable(), fingerprint);
      break;
    case Outcome::Unreachable:
      ++status_.unreachable;
      wait(error, backoff_.unreachable(), fingerprint);
      break;
  }
  error.next = waitingFor();
  error.retry_after.reset();
  if (waiting_->until)
    error.retry_after = std::chrono::ceil<seconds>(*waiting_->until - clock_.steady());
  return error;
}

void Session::wait(const Error& error, credentials::Backoff::Delay delay,
                   const std::string& fingerprint) {
  waiting_ = Waiting{error.fault, error.what, std::nullopt, fingerprint};
  if (delay) waiting_->until = clock_.steady() + *delay;
  status_.rejections = backoff_.rejections();
  save();
  log::warn("login waits", {{"target", target_},
                            {"reason", faultName(error.fault)},
                            {"error", error.what},
                            {"next", waitingFor()}});
}

std::string Session::waitingFor() const {
  const bool by_change = waiting_->after == Fault::LoginRejected;
  if (!waiting_->until) return "no login is sent until the credential changes";
  return "the next login is tried in " + inSeconds(*waiting_->until - clock_.steady()) +
         (by_change ? ", or as soon as the credential changes" : "");
}

// Nothing is sent while waiting; a wait that is over is forgotten here.
std::optional<Error> Session::mustWait() {
  if (!waiting_) return std::nullopt;
  const bool over = waiting_->until && clock_.steady() >= *waiting_->until;
  if (over || releasedByChange()) {
    waiting_.reset();
    return std::nullopt;
  }
  Error error{Fault::Backoff,
              "waiting after " + std::string(faultName(waiting_->after)) + ": " + waiting_->what,
              waitingFor(),
              {}};
  if (waiting_->until)
    error.retry_after = std::chrono::ceil<seconds>(*waiting_->until - clock_.steady());
  return error;
}

bool Session::releasedByChange() {
  if (waiting_->after != Fault::LoginRejected) return false;
  const auto loaded = store_->current();
  if (!loaded || loaded->fingerprint == waiting_->fingerprint) return false;
  const auto now = clock_.system();
  std::erase_if(saved_.releases, [&](SystemTime at) { return at + kReleaseWindow <= now; });
  if (saved_.releases.size() >= kReleases) return false;
  saved_.releases.push_back(now);
  log::info("credential changed, the wait ends", {{"target", target_}});
  return true;
}

void Session::accepted(const Authorization& authorization, std::size_t page) {
  if (authorization.header.empty()) return;
  const std::lock_guard lock(mutex_);
  if (authorization.trial) static_cast<Trial*>(authorization.trial.get())->end();
  if (!current_ || current_->generation != authorization.generation) return;
  if (current_->accepted_by.empty()) proven();
  current_->accepted_by.insert(page);
}

// The service knows us: what was counted against this credential is forgotten.
void Session::proven() {
  if (!current_->is_token) {
    ++status_.successes;
    status_.last_success = clock_.system();
  }
  backoff_.succeeded();
  store_->accepted();
  saved_.releases.clear();
  status_.rejections = 0;
  waiting_.reset();
  save();
}

bool Session::refused(const Authorization& authorization, std::size_t page, bool replayed) {
  if (authorization.header.empty()) return false;
  const std::lock_guard lock(mutex_);
  if (authorization.trial) static_cast<Trial*>(authorization.trial.get())->end();
  const bool outdated = !current_ || current_->generation != authorization.generation;
  if (outdated) return !replayed && refused_generation_ != authorization.generation;
  if (!current_->is_token) {
    // It carried a password or key, so it was a login.
    refused_generation_ = authorization.generation;
    const std::string print = current_->fingerprint;
    current_.reset();
    noteAttempt(failedWith(
        {Fault::LoginRejected, "the service answered 401 to the credential", "", {}}, print));
    return false;
  }
  if (replayed || !current_->accepted_by.contains(page)) return false;
  current_.reset();
  return true;
}

bool Session::countRefusal(std::uint64_t generation) {
  const std::lock_guard lock(mutex_);
  if (refused_generation_ == generation) return true;
  if (!current_ || current_->generation != generation || !current_->accepted_by.empty())
    return false;
  refused_generation_ = generation;
  const std::string print = current_->fingerprint;
  current_.reset();
  status_.token_expiry.reset();
  wait({Fault::LoginRejected,
        "the service answered 401 to the token that its own login gave",
        "",
        {}},
       backoff_.rejected(), print);
  store_->rejected();
  return true;
}

bool Session::sendsCredentialItself() const {
  if (store_ == nullptr) return false;
  const auto loaded = store_->current();
  return loaded ? !logsIn(login_, loaded->credential) : !login_;
}

void Session::wayChanged() {
  const std::lock_guard lock(mutex_);
  if (waiting_ && outcomeOf(waiting_->after) == Outcome::Unreachable) waiting_.reset();
}

void Session::logout(Deadline deadline) {
  if (!login_ || !login_->logout || !login_->logout_at_exit) return;
  upstream::Request request;
  {
    const std::lock_guard lock(mutex_);
    if (!current_ || !current_->is_token || clock_.steady() >= current_->expires) return;
    request = makeLogout(*login_->logout, url_path_, current_->header, current_->value);
    current_.reset();
  }
  const auto response = exchange_.exchange(
      request, deadline, [](const upstream::Response&) { return Result<void>(); },
      [](std::string_view) { return Result<void>(); });
  if (!response) {
    log::warn("logout failed", {{"target", target_}, {"error", response.error().what}});
  } else if (response->status < 200 || response->status > 299) {
    log::warn("logout failed",
              {{"target", target_}, {"error", "answered " + std::to_string(response->status)}});
  } else {
    log::info("logged out", {{"target", target_}});
  }
}

void Session::save() {
  saved_.rejections = backoff_.rejections();
  saved_.fingerprint = waiting_ ? waiting_->fingerprint : "";
  saved_.fault = waiting_ ? waiting_->after : Fault::LoginRejected;
  saved_.never = waiting_ && !waiting_->until;
  saved_.next_attempt = SystemTime();
  if (waiting_ && waiting_->until) {
    saved_.next_attempt = clock_.system() + std::chrono::duration_cast<SystemTime::duration>(
                                                *waiting_->until - clock_.steady());
  }
  state_.save(saved_);
}

Session::Status Session::status() const {
  const std::lock_guard lock(mutex_);
  Status status = status_;
  status.waiting =
      waiting_.has_value() && !(waiting_->until && clock_.steady() >= *waiting_->until);
  if (status.waiting && waiting_->until) {
    status.next_attempt = clock_.system() + std::chrono::duration_cast<SystemTime::duration>(
                                                *waiting_->until - clock_.steady());
  }
  return status;
}

}  // namespace postern::session
