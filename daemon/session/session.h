#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "async/event.h"
#include "async/group.h"
#include "async/job_runner.h"
#include "async/loop.h"
#include "config/target.h"
#include "credentials/credential_store.h"
#include "credentials/headers.h"
#include "session/login_exchange.h"
#include "session/login_gate.h"
#include "upstream/http_client.h"

namespace postern::session {

// Cookies of a login's answer.
struct CookieJar {
  std::vector<Cookie> cookies;
  SteadyTime since;  // their lives begin then
};

// How a page request authenticates. Without a header only the client certificate does.
struct Authorization {
  std::string header;  // name, or empty
  Secret value;
  std::uint64_t generation = 0;                        // of the token or credential behind it
  std::shared_ptr<const CookieJar> cookies = nullptr;  // sent with the token; may be null
  std::shared_ptr<void> probe = nullptr;  // held while a request carries an unproven credential:
                                          // one at a time. Must not outlive the session
};

struct SessionStatus {
  // results of logins
  std::uint64_t successes = 0, rejected = 0, throttled = 0, failed = 0, unreachable = 0;
  int rejections = 0;                                      // in a row
  std::optional<upstream::TransportInfo> login_transport;  // of the last login, if it was sent
  std::optional<SystemTime> last_success, token_expiry;
  std::optional<SystemTime> next_attempt;  // while waiting; not set when waiting forever
  bool waiting = false;
  std::optional<Fault> waiting_after;  // the reason, while waiting
  bool logged_in = false;              // a token that has not expired, or an accepted credential
};

// The collaborators of a session. All references must outlive it.
struct SessionParts {
  std::shared_ptr<credentials::CredentialStore> store;  // null: no credential is needed
  upstream::HttpClient& client;                         // client of the login's host
  async::Loop& loop;                                    // the session uses its clock
  async::JobRunner& runner;                             // reads the store and writes the state
};

// Keeps one token fresh, or returns a credential that needs no login, and waits after a failure.
//
// One login at a time, whatever the number of scrapes. The login is a task of the session, which
// ends with the session. A scrape that needs its result waits for it until its own scope ends.
// Every request with a password or key counts as a login: a 401 to it is a rejection. After a
// failure nothing is sent while the LoginGate forbids it. Runs on its loop, where it is also
// destroyed. Its tasks and probes end before.
class Session {
 public:
  // Copies what it needs of `target`.
  Session(const config::Target& target, SessionParts parts, Draw draw, StateFile state);

  // Logs in when the token is missing or not fresh. A login that has begun takes until
  // `login_deadline`, even if an impatient scraper leaves. Errors: NoCredential, CredentialSource,
  // LoginRejected, LoginThrottled, LoginFailed, Backoff, Timeout and those of HttpClient.
  async::Task<Result<Authorization>> authorize(async::Scope& scope, SteadyTime login_deadline);
  // What authorize() would return without waiting; not set if it would wait.
  std::optional<Authorization> readyAuthorization();

  // The page's answer proves that the service accepts the authorization (200, 403).
  void accepted(const Authorization& authorization, std::size_t page);
  // The page answered 401. True: drop the authorization, call authorize() again and replay the page
  // once. False for a replay.
  bool refused(const Authorization& authorization, std::size_t page, bool replayed);
  // All pages of one scrape are answered, and a final answer was 401. If no page ever accepted the
  // authorization, that counts as a rejection. Returns whether it did, now or earlier.
  bool countRefusal(std::uint64_t generation);

  // Adds the token's cookies to the request of a page.
  void addCookies(const Authorization& authorization, upstream::Request& request) const;

  // Whether each page carries the credential itself instead of a token from a login.
  bool sendsCredentialItself() const;
  // Backoff if authorize() could only return that now; not set if it may send a login.
  std::optional<Error> waiting();
  // There are new certificates. A wait because the service was unreachable ends.
  void onNetworkChange();
  // Logs out if there is a token and the config says so. Best effort.
  async::Task<> logout(async::Scope& scope);
  SessionStatus status() const;

 private:
  struct Current {  // the token, or the credential that pages carry
    std::string header;
    Secret value;
    std::uint64_t generation = 0;
    credentials::LoadedCredential source;      // the credential behind it
    bool is_token = false;                     // from a login
    SteadyTime expires, renew;                 // of a token
    std::shared_ptr<const CookieJar> cookies;  // of a token; may be null
    std::set<std::size_t> accepted_by;         // pages that accepted it
  };
  struct Probe;
  async::Task<Result<Authorization>> startProbe(async::Scope& scope);
  async::Task<> attempt(SteadyTime deadline);
  async::Task<Result<void>> obtain(async::Scope& scope);
  async::Task<Result<void>> logIn(const credentials::LoadedCredential& loaded,
                                  const credentials::SecretHeaders& headers, async::Scope& scope);
  async::Task<bool> waitUntilSaved(async::Scope& scope);
  Current currentOf(Token token, const credentials::LoadedCredential& loaded);
  Current currentOf(const credentials::LoadedCredential& loaded);
  bool renewalIsDue();
  void forgetChangedCredential();
  std::optional<Authorization> usable() const;
  void endAttempt();
  void noteResult(std::optional<Error> error);
  std::optional<Error> mustWait();
  Error failedWith(const Error& error, const std::string& fingerprint);
  void countFailure(Fault fault);
  void proven();

  const std::string target_;
  const std::string url_path_;
  const std::string authorization_type_;
  const std::shared_ptr<credentials::CredentialStore> store_;
  async::Loop& loop_;
  async::JobRunner& runner_;
  LoginExchange exchange_;
  LoginGate gate_;
  bool busy_ = false;                // an attempt is in progress: a login, or a probe
  std::uint64_t attempts_ = 0;       // number of finished attempts
  std::optional<Error> last_error_;  // of the last one
  std::weak_ptr<void> reading_;      // expired: no job reads the credential
  async::Event attempt_ended_;       // for the tasks that wait at that time
  std::optional<Current> current_;
  std::uint64_t generations_ = 0;
  std::uint64_t refused_generation_ = 0;  // the last one that counted as a rejection
  SessionStatus status_;
  async::Group logins_;  // at most one; destroyed before the members that it uses
};

}  // namespace postern::session
