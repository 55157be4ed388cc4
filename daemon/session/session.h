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
#include "credentials/headers.h"
#include "credentials/store.h"
#include "session/login_exchange.h"
#include "session/login_gate.h"
#include "upstream/http_client.h"

namespace postern::session {

// Cookies of a login's answer.
struct CookieJar {
  std::vector<Cookie> cookies;
  SteadyTime since;  // their lives count from then
};

// How a page request proves who we are. Without a header only the client certificate does.
struct Authorization {
  std::string header;  // name, or empty
  Secret value;
  std::uint64_t generation = 0;                        // of the token or credential behind it
  std::shared_ptr<const CookieJar> cookies = nullptr;  // that go with the token; null: none
  std::shared_ptr<void> probe = nullptr;  // held while an unproven credential is out: one request
                                          // at a time. Must not outlive the session
};

// Keeps one token fresh, or hands out a credential that needs no login, and waits when
// the service said no.
//
// One login at a time, whatever the number of scrapes. It is a task of the session's own, which
// ends with the session: who needs its result waits for it until the own scope ends. Whatever
// carries a password or key counts as a login: a 401 to it is a rejection. After a failure nothing
// is sent for as long as the LoginGate says. On its loop, where it is also destroyed; its tasks and
// probes end before.
class Session {
 public:
  struct Status {
    // Logins.
    std::uint64_t successes = 0, rejected = 0, throttled = 0, failed = 0, unreachable = 0;
    int rejections = 0;                                      // in a row
    std::optional<upstream::TransportInfo> login_transport;  // the last one's; none: nothing sent
    std::optional<SystemTime> last_success, token_expiry;
    std::optional<SystemTime> next_attempt;  // while waiting; none when waiting for ever
    bool waiting = false;
    std::optional<Fault> waiting_after;  // why, while waiting
    bool logged_in = false;  // a token that has not expired, or a credential that was accepted
  };
  // What a session works with. All references must outlive it.
  struct Parts {
    std::shared_ptr<credentials::Store> store;  // null: no credential is needed
    upstream::HttpClient& client;               // with whoever is logged in at
    async::Loop& loop;                          // whose clock it lives by
    async::JobRunner& runner;                   // where the store is read and the state is written
  };

  // Of `target` it keeps what it needs.
  Session(const config::Target& target, Parts parts, Draw draw, StateFile state);

  // Logs in when there is no fresh token. A login that has begun takes until `login_deadline`, even
  // if a hurried scraper leaves. Errors: NoCredential, CredentialSource, LoginRejected,
  // LoginThrottled, LoginFailed, Backoff, Timeout and those of HttpClient.
  async::Task<Result<Authorization>> authorize(async::Scope& scope, SteadyTime login_deadline);
  // What authorize() would return without waiting; none: it has something to wait for.
  std::optional<Authorization> readyAuthorization();

  // The page was answered with anything that proves us known (200, 403).
  void accepted(const Authorization& authorization, std::size_t page);
  // A 401. True: drop what you have, authorize() again and replay the page once; not on a replay.
  bool refused(const Authorization& authorization, std::size_t page, bool replayed);
  // The pages of one scrape have all been answered, some with a 401 that stood: when no page ever
  // accepted what was sent, that counts as a rejection. Returns whether it did, now or before.
  bool countRefusal(std::uint64_t generation);

  // Adds the cookies that go with the token to the request of a page.
  void addCookies(const Authorization& authorization, upstream::Request& request) const;

  // Whether each page carries the credential itself, and not a token that a login gave for it.
  bool sendsCredentialItself() const;
  // Backoff when authorize() could only return that now; none when it may send a login.
  std::optional<Error> waiting();
  // There are new certificates: a wait because the service could not be reached ends.
  void onNetworkChange();
  // Logs out when there is a token and the config says so. Best effort.
  async::Task<> logout(async::Scope& scope);
  Status status() const;

 private:
  struct Current {  // the token, or the credential that is sent as it is
    std::string header;
    Secret value;
    std::uint64_t generation = 0;
    credentials::Store::Loaded source;         // the credential behind it
    bool is_token = false;                     // got by a login
    SteadyTime expires, renew;                 // of a token
    std::shared_ptr<const CookieJar> cookies;  // of a token; null: none
    std::set<std::size_t> accepted_by;         // pages
  };
  struct Probe;

  async::Task<Result<Authorization>> startProbe(async::Scope& scope);
  async::Task<> attempt(SteadyTime deadline);
  async::Task<Result<void>> obtain(async::Scope& scope);
  async::Task<Result<void>> logIn(const credentials::Store::Loaded& loaded,
                                  const credentials::SecretHeaders& headers, async::Scope& scope);
  async::Task<bool> waitUntilSaved(async::Scope& scope);
  Current currentOf(Token token, const credentials::Store::Loaded& loaded);
  Current currentOf(const credentials::Store::Loaded& loaded);
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
  const std::shared_ptr<credentials::Store> store_;
  async::Loop& loop_;
  async::JobRunner& runner_;
  LoginExchange exchange_;
  LoginGate gate_;
  bool busy_ = false;                // an attempt is under way: a login, or a probe
  std::uint64_t attempts_ = 0;       // results of attempts
  std::optional<Error> last_error_;  // the last of them
  std::weak_ptr<void> reading_;      // expired: no job reads the credential
  async::Event attempt_ended_;       // for those that wait at that time
  std::optional<Current> current_;
  std::uint64_t generations_ = 0;
  std::uint64_t refused_generation_ = 0;  // the last one that counted as a rejection
  Status status_;
  async::Group logins_;  // at most one; destroyed before what it uses
};

}  // namespace postern::session
