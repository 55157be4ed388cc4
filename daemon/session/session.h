#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "config/target.h"
#include "credentials/headers.h"
#include "credentials/store.h"
#include "session/login.h"
#include "session/oauth2.h"
#include "session/waiting.h"
#include "upstream/exchange.h"

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
  std::shared_ptr<void> trial = nullptr;  // held while an unproven credential is out: one request
                                          // at a time. Must not outlive the session
};

// Keeps one token fresh, or hands out a credential that needs no login, and waits when
// the service said no.
//
// One login at a time, whatever the number of scrapes; who needs its result waits for it
// until the own deadline. Whatever carries a password or key counts as a login: a 401
// to it is a rejection. After a failure nothing is sent for as long as Waiting says. Thread-safe.
class Session {
 public:
  struct Status {
    std::uint64_t successes = 0, rejected = 0, throttled = 0, failed = 0,
                  unreachable = 0;           // logins
    int rejections = 0;                      // in a row
    std::optional<upstream::Way> login_way;  // of the last login; none: nothing was sent
    std::optional<SystemTime> last_success, token_expiry;
    std::optional<SystemTime> next_attempt;  // while waiting; none when waiting for ever
    bool waiting = false;
    std::optional<Fault> waiting_after;  // why, while waiting
    bool logged_in = false;  // a token that has not expired, or a credential that was accepted
  };

  // `store` may be null: no credential is needed. `exchange`, with whoever is logged in at, `store`
  // and `clock` must outlive the session; of `target` it keeps what it needs.
  Session(const config::Target& target, credentials::Store* store, upstream::Exchange& exchange,
          const Clock& clock, Draw draw, StateFile state);

  // Logs in when there is no fresh token. A login that has begun may go on until `login_deadline`
  // so that a hurried scraper does not spoil it for the others. Errors: NoCredential,
  // CredentialSource, LoginRejected, LoginThrottled, LoginFailed, Backoff, Timeout and those of
  // Exchange.
  Result<Authorization> authorize(Deadline deadline, Deadline login_deadline);

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
  // Backoff when authorize() could only answer that now; none when it may send a login.
  std::optional<Error> waiting();
  // What authorize() would return at once; none when it would need a login, or wait for one.
  std::optional<Authorization> ready();
  // The way to the service has changed (new certificates): a wait because it could not be reached
  // ends.
  void wayChanged();
  // Logs out when there is a token and the config says so. Best effort.
  void logout(Deadline deadline);

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
  struct Trial;
  using Lock = std::unique_lock<std::mutex>;

  // All of these require the lock; those that take it give it up while they talk to somebody.
  void forgetChangedCredential();
  std::optional<Authorization> usable() const;
  Result<void> obtain(Lock& lock, Deadline deadline);
  Result<void> logIn(Lock& lock, const credentials::Store::Loaded& loaded,
                     const credentials::SecretHeaders& headers, Deadline deadline);
  Authorization startTrial(Lock& lock);
  struct Answer {
    upstream::Response response;
    Secret body;
  };
  Result<Token> exchangeLogin(const credentials::Credential& credential,
                              const credentials::SecretHeaders& headers, Deadline deadline);
  Result<Token> exchangeForToken(const credentials::Credential& client, Deadline deadline);
  Result<Answer> send(upstream::Request request, Deadline deadline);
  void noteAttempt(std::optional<Error> error);
  std::optional<Error> mustWait();
  Error failedWith(const Error& error, const std::string& fingerprint);
  void countFailure(Fault fault);
  void proven();

  const std::string target_;
  const std::string url_path_;
  const CookieScope cookie_scope_;
  const std::optional<config::Login> login_;
  const std::optional<config::Oauth2> oauth2_;
  const bool shows_certificate_;  // to whom logins are sent
  const std::string authorization_type_;
  credentials::Store* const store_;
  upstream::Exchange& exchange_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;  // a login or trial has ended
  Waiting waiting_;                  // guarded by mutex_ but for flush(), as is what follows
  bool busy_ = false;                // a login or a trial is under way
  std::uint64_t attempts_ = 0;       // logins and trials that have ended
  std::optional<Error> last_error_;  // of the last of them
  std::optional<Current> current_;
  std::uint64_t generations_ = 0;
  std::optional<ClientAuth> client_auth_;  // by which a token was given; of the login under way
  std::uint64_t refused_generation_ = 0;   // the last one that counted as a rejection
  Status status_;
};

}  // namespace postern::session
