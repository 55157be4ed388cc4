#include "session/session.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "credentials/headers.h"
#include "upstream/client_refusal.h"

namespace postern::session {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr milliseconds kMargin = minutes(5);  // before a token expires, or a tenth of its life
// A token is used for so long, however short its life is: all pages of a scrape share one login,
// and the service says 401 when it no longer takes the token.
constexpr milliseconds kShortestLife = seconds(1);

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
  if (!credential.password.empty() || credential.api_key.empty()) {
    return basicAuthorization(credential);
  }
  Secret value("Apikey ");
  value.append(credential.api_key.reveal());
  return value;
}

CookieScope scopeOf(const config::Target& target) {
  const auto below = [&](const std::string& path) { return target.url.path + path; };
  return {config::named(target.url, target.tls).host, below(target.login ? target.login->url : "/"),
          below(target.pages.empty() ? "/" : target.pages.front().path)};
}

bool showsCertificate(const config::Tls& tls) {
  std::error_code ignored;
  if (tls.optional_files) return std::filesystem::exists(tls.cert_file, ignored);
  return !tls.cert_file.empty() || !tls.pkcs12_file.empty();
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
    session.waiting_.forgetAttempt();
    session.busy_ = false;
    session.changed_.notify_all();
  }
};

Session::Session(const config::Target& target, credentials::Store* store,
                 upstream::Exchange& exchange, const Clock& clock, Draw draw, StateFile state)
    : target_(target.name),
      url_path_(target.url.path),
      cookie_scope_(scopeOf(target)),
      login_(target.login),
      oauth2_(target.oauth2),
      shows_certificate_(showsCertificate(target.oauth2 ? target.oauth2->tls : target.tls)),
      authorization_type_(target.credentials ? target.credentials->authorization_type : ""),
      store_(store),
      exchange_(exchange),
      clock_(clock),
      waiting_(target.name, target.login ? target.login->backoff : config::Backoff(), clock,
               std::move(draw), std::move(state)) {
  if (store_ != nullptr && waiting_.afterRejection()) store_->rejected();
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
    if (current_ && !current_->is_token) return startTrial(lock);
    if (auto obtained = obtain(lock, login_deadline); !obtained) return std::move(obtained).error();
  }
}

// A credential that is sent as it is counts until its source has another one.
void Session::forgetChangedCredential() {
  if (!current_ || current_->is_token) return;
  const auto loaded = store_->current();
  if (loaded != current_->source) current_.reset();
}

// What may be sent by anybody at any time: a token that has not expired, or a proven credential.
std::optional<Authorization> Session::usable() const {
  if (!current_) return std::nullopt;
  const bool good =
      current_->is_token ? clock_.steady() < current_->expires : !current_->accepted_by.empty();
  if (!good) return std::nullopt;
  return Authorization{current_->header, current_->value, current_->generation, current_->cookies};
}

// An unproven credential goes out with one request at a time.
Authorization Session::startTrial(Lock& lock) {
  busy_ = true;
  waiting_.attempt(current_->source->fingerprint());
  Authorization authorization{current_->header, current_->value, current_->generation, nullptr,
                              std::make_shared<Trial>(*this)};
  lock.unlock();
  waiting_.flush();
  return authorization;
}

// Sets current_, by a login when the credential asks for one.
Result<void> Session::obtain(Lock& lock, Deadline deadline) {
  busy_ = true;
  lock.unlock();
  auto loaded = store_->refresh(deadline);
  if (loaded) (*loaded)->fingerprint();  // computed without the lock
  const bool login = loaded && logsIn(login_, (*loaded)->credential);
  auto headers = login ? credentials::readHeaders(login_->http_headers)
                       : Result<credentials::SecretHeaders>(credentials::SecretHeaders());
  lock.lock();
  Result<void> result;
  if (!loaded) {
    result = std::move(loaded).error();
  } else if (!headers) {
    result = std::move(headers).error();
  } else if (login) {
    result = logIn(lock, *loaded, *headers, deadline);
  } else {
    status_.login_way.reset();
    Current direct;
    direct.header = "Authorization";
    direct.value = directAuthorization((*loaded)->credential, authorization_type_);
    direct.generation = ++generations_;
    direct.source = *loaded;
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
                            const credentials::SecretHeaders& headers, Deadline deadline) {
  waiting_.attempt(loaded->fingerprint());
  lock.unlock();
  waiting_.flush();
  auto token = exchangeLogin(loaded->credential, headers, deadline);
  lock.lock();
  if (!token) return failedWith(token.error(), loaded->fingerprint());

  Current fresh;
  upstream::Request header;
  setSecretHeader(header, login_->send_as, token->value);
  fresh.header = header.secret_header;
  fresh.value = std::move(header.secret_value);
  fresh.generation = ++generations_;
  fresh.source = loaded;
  fresh.is_token = true;
  const auto life = std::max(token->life, kShortestLife);
  fresh.expires = clock_.steady() + life;
  fresh.renew = fresh.expires - std::min(kMargin, life / 10);
  if (!token->cookies.empty()) {
    fresh.cookies =
        std::make_shared<const CookieJar>(CookieJar{std::move(token->cookies), clock_.steady()});
  }
  current_ = std::move(fresh);
  waiting_.succeeded();
  ++status_.successes;
  status_.last_success = clock_.system();
  status_.token_expiry = clock_.system() + life;
  log::info("logged in", {{"target", target_}, {"expires_in_seconds", life.count() / 1000}});
  return {};
}

Result<Token> Session::exchangeLogin(const credentials::Credential& credential,
                                     const credentials::SecretHeaders& headers, Deadline deadline) {
  if (oauth2_) return exchangeForToken(credential, deadline);
  auto request = makeLogin(*login_, url_path_, credential);
  request.secret_headers = headers;
  const auto answer = send(std::move(request), deadline);
  if (!answer) return answer.error();
  return readLogin(*login_, answer->response, answer->body, clock_.system(), cookie_scope_);
}

// Until a token was given once it is not known where the endpoint looks for the client's
// credential: when it does not find it in the header, the body is tried in the same login.
Result<Token> Session::exchangeForToken(const credentials::Credential& client, Deadline deadline) {
  const auto ask = [&](ClientAuth auth, bool* other) -> Result<Token> {
    const auto answer = send(makeTokenRequest(*oauth2_, *login_, client, auth), deadline);
    if (!answer) return answer.error();
    auto token = readTokenAnswer(*login_, answer->response, answer->body, clock_.system());
    if (token) client_auth_ = auth;
    if (other != nullptr) *other = !token && suggestsOtherAuth(answer->response, answer->body);
    return token;
  };
  if (client_auth_) return ask(*client_auth_, nullptr);
  bool other = false;
  auto by_header = ask(ClientAuth::Header, &other);
  if (!other) return by_header;
  auto by_body = ask(ClientAuth::Body, nullptr);
  const bool tells_less = !by_body && by_body.error().fault == Fault::LoginFailed;
  return tells_less ? std::move(by_header) : std::move(by_body);
}

Result<Session::Answer> Session::send(upstream::Request request, Deadline deadline) {
  Secret body;
  std::optional<upstream::Response> head;
  std::optional<upstream::Way> way;
  request.way = &way;
  auto response = exchange_.exchange(
      request, deadline,
      [&](const upstream::Response& answer) {
        head = answer;
        return Result<void>();
      },
      [&](std::string_view block) {
        body.append(block.substr(0, kLoginAnswerLimit - body.size()));
        return Result<void>();
      });
  {
    const std::lock_guard lock(mutex_);
    status_.login_way = way;
  }
  // A proxy that refuses our certificate has not asked the service for its opinion of the
  // credential.
  if (response && upstream::refusesClientCertificate(response->status, body.reveal())) {
    auto refused = upstream::clientRefusal(response->status, body.reveal(), shows_certificate_);
    refused.what = "login: " + refused.what;
    return refused;
  }
  if (response) return Answer{*std::move(response), std::move(body)};
  // An error page that is long, slow or cut must not hide what its status says.
  if (head && !mayBeSuccess(*login_, head->status)) return Answer{*std::move(head), {}};
  auto error = std::move(response).error();
  error.what = "login: " + error.what;
  if (head && error.fault == Fault::Limit) {
    return Error{Fault::LoginRejected,
                 error.what +
                     ": answers with a token are shorter, and such a page may say that user or "
                     "password is wrong",
                 "",
                 {}};
  }
  const bool nonsense = error.fault == Fault::Format || error.fault == Fault::Limit ||
                        error.fault == Fault::Truncated;
  if (nonsense) error.fault = Fault::LoginFailed;
  return error;
}

// Counts the failure, starts the wait that follows it and completes the error by it.
Error Session::failedWith(const Error& error, const std::string& fingerprint) {
  countFailure(error.fault);
  if (outcomeOf(error.fault) == Outcome::Rejected) store_->rejected();
  return waiting_.failed(error, fingerprint);
}

void Session::countFailure(Fault fault) {
  switch (outcomeOf(fault)) {
    case Outcome::Rejected: ++status_.rejected; break;
    case Outcome::Throttled: ++status_.throttled; break;
    case Outcome::Failed: ++status_.failed; break;
    case Outcome::Unreachable: ++status_.unreachable; break;
  }
}

std::optional<Error> Session::mustWait() {
  // Only such a wait asks whether the credential has changed.
  const auto loaded = waiting_.afterRejection() ? store_->current() : nullptr;
  return waiting_.inForce(loaded ? loaded->fingerprint() : "");
}

void Session::addCookies(const Authorization& authorization, upstream::Request& request) const {
  if (!authorization.cookies) return;
  const auto& jar = *authorization.cookies;
  const auto age = std::chrono::duration_cast<milliseconds>(clock_.steady() - jar.since);
  session::addCookies(request, writeCookies(jar.cookies, request.path, age));
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
  waiting_.accepted();
  store_->accepted();
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
    const std::string print = current_->source->fingerprint();
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
  const std::string print = current_->source->fingerprint();
  current_.reset();
  status_.token_expiry.reset();
  // Not a failed login: it gave a token. But sending the credential again would not help.
  waiting_.failed({Fault::LoginRejected,
                   "the service answered 401 to the token that its own login gave",
                   "",
                   {}},
                  print);
  store_->rejected();
  return true;
}

bool Session::sendsCredentialItself() const {
  if (store_ == nullptr) return false;
  const auto loaded = store_->current();
  return loaded ? !logsIn(login_, loaded->credential) : !login_;
}

std::optional<Error> Session::waiting() {
  if (store_ == nullptr) return std::nullopt;
  const std::lock_guard lock(mutex_);
  forgetChangedCredential();
  return usable() ? std::nullopt : mustWait();
}

std::optional<Authorization> Session::ready() {
  if (store_ == nullptr) return Authorization{};
  const std::lock_guard lock(mutex_);
  forgetChangedCredential();
  auto authorization = usable();
  const bool renews = authorization && current_->is_token && clock_.steady() >= current_->renew;
  return renews ? std::nullopt : std::move(authorization);
}

void Session::wayChanged() {
  const std::lock_guard lock(mutex_);
  waiting_.wayChanged();
}

void Session::logout(Deadline deadline) {
  if (!login_ || !login_->logout || !login_->logout_at_exit) return;
  upstream::Request request;
  Authorization token;
  {
    const std::lock_guard lock(mutex_);
    if (!current_ || !current_->is_token || clock_.steady() >= current_->expires) return;
    request = makeLogout(*login_->logout, url_path_, current_->header, current_->value);
    token.cookies = current_->cookies;
    current_.reset();
  }
  if (auto headers = credentials::readHeaders(login_->http_headers)) {
    request.secret_headers = *std::move(headers);
  } else {
    return log::warn("logout failed", {{"target", target_}, {"error", headers.error().what}});
  }
  addCookies(token, request);
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

Session::Status Session::status() const {
  const std::lock_guard lock(mutex_);
  Status status = status_;
  const auto waiting = waiting_.status();
  status.waiting = waiting.in_force;
  status.next_attempt = waiting.until;
  status.waiting_after = waiting.after;
  status.logged_in = usable().has_value();
  status.rejections = waiting.rejections;
  return status;
}

}  // namespace postern::session
