#include "credentials/credential_store.h"

#include <openssl/evp.h>

#include <utility>

#include "base/encoding.h"
#include "base/log.h"

namespace postern::credentials {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// How often changed files may end the wait for a database that denies access.
constexpr std::size_t kMoves = 3;
constexpr minutes kMoveWindow{15};

constexpr int kFingerprintIterations = 20'000;  // makes guessing expensive

void appendField(Secret& all, std::string_view field) {
  all.append(std::to_string(field.size()));
  all.append(":");
  all.append(field);
}

// The fingerprint of all fields.
std::string fingerprintOf(const Credential& credential, std::string_view salt) {
  Secret all;
  appendField(all, credential.username);
  appendField(all, credential.password.reveal());
  appendField(all, credential.api_key.reveal());
  appendField(all, credential.token.reveal());
  std::string digest(32, '\0');
  PKCS5_PBKDF2_HMAC(all.reveal().data(), static_cast<int>(all.size()),
                    reinterpret_cast<const unsigned char*>(salt.data()),
                    static_cast<int>(salt.size()), kFingerprintIterations, EVP_sha256(),
                    static_cast<int>(digest.size()),
                    reinterpret_cast<unsigned char*>(digest.data()));
  return encodeHex(digest);
}

}  // namespace

const std::string& Fingerprinted::fingerprint() const {
  std::call_once(computed_, [this] { fingerprint_ = fingerprintOf(credential, salt_); });
  return fingerprint_;
}

Schedule Schedule::mounted() {
  return {seconds(1), seconds(1), seconds(1), false};
}

Schedule Schedule::database(seconds interval) {
  return {interval, std::min<milliseconds>(interval, minutes(5)), seconds(10), true};
}

CredentialStore::CredentialStore(std::unique_ptr<Source> source, std::string target,
                                 const Schedule& schedule, const config::BackoffOptions& backoff,
                                 std::string salt, const Clock& clock, Draw draw)
    : source_(std::move(source)),
      target_(std::move(target)),
      schedule_(schedule),
      salt_(std::move(salt)),
      clock_(clock),
      draw_(std::move(draw)),
      denied_(backoff, draw_),
      ask_again_(clock.steady()),
      next_poll_(clock.steady()) {
  status_.source = source_->name();
}

LoadedCredential CredentialStore::current() const {
  const MutexLock lock(mutex_);
  return current_;
}

CredentialStatus CredentialStore::status() const {
  const MutexLock lock(mutex_);
  return status_;
}

Result<LoadedCredential> CredentialStore::refresh(Deadline deadline) {
  // Reading a volume or a database may take long.
  const MutexLock source_lock(source_mutex_);
  {
    const MutexLock lock(mutex_);
    if (error_ && clock_.steady() < ask_again_) return answerFor(*error_);
    // A source that hangs must leave time to use the last credential.
    if (current_) deadline = deadline.cappedAt(deadlineIn(remaining(deadline) / 3));
  }
  return load(deadline);
}

void CredentialStore::poll(Deadline deadline) {
  const MutexLock source_lock(source_mutex_);
  {
    const bool moved = source_->moved();  // reads file states, so not with mutex_
    const MutexLock lock(mutex_);
    if (moved) heedMove();
    if (clock_.steady() < next_poll_) return;
    if (error_ && clock_.steady() < ask_again_) return;
  }
  // status() reports whether the load succeeded.
  if (!load(deadline)) log::debug("no fresh credential", {{"target", target_}});
}

Result<LoadedCredential> CredentialStore::load(Deadline deadline) {
  return remember(source_->load(deadline));
}

Result<LoadedCredential> CredentialStore::remember(const Result<Credential>& loaded) {
  const LoadedCredential before = current();
  LoadedCredential now = before;
  if (loaded && (!before || !(before->credential == *loaded))) {
    now = std::make_shared<const Fingerprinted>(*loaded, salt_);
    // A wait after a rejection compares the fingerprint while it holds a lock, so compute it here.
    // Otherwise no start waits for it.
    if (before || afterRejection()) now->fingerprint();
  }
  const MutexLock lock(mutex_);
  schedule();
  if (loaded) {
    if (failing_.ends())
      log::info("credential found", {{"target", target_}, {"source", source_->name()}});
    if (before && now != before)
      log::info("credential changed", {{"target", target_}, {"source", source_->name()}});
    current_ = now;
    error_.reset();
    denied_.succeeded();
    if (now != before) ++status_.changes;
    status_.last_success = clock_.system();
    status_.error.clear();
    status_.remedy.clear();
    return current_;
  }
  const Error& error = loaded.error();
  if (failing_.begins(error.what)) {
    log::warn("no credential from its source", {{"target", target_},
                                                {"source", source_->name()},
                                                {"reason", faultName(error.fault)},
                                                {"error", error.what}});
  }
  error_ = error;
  ++status_.failed_loads;
  status_.error = error.what;
  status_.remedy = error.remedy;
  ask_again_ = clock_.steady() + seconds(1);
  if (error.fault == Fault::NoCredential) current_.reset();
  if (error.fault == Fault::LoginRejected) {
    const auto delay = denied_.rejected();
    ask_again_ = delay ? clock_.steady() + *delay : SteadyTime::max();
  }
  return answerFor(error);
}

Result<LoadedCredential> CredentialStore::answerFor(const Error& error) const {
  if (current_) return current_;
  if (error.fault == Fault::NoCredential) return error;
  Error answer = error;
  answer.fault = Fault::CredentialSource;
  return answer;
}

void CredentialStore::schedule() {
  const milliseconds interval = rejected_ ? schedule_.rejected_interval : schedule_.interval;
  const double factor = schedule_.spread ? 0.8 + 0.4 * draw_() : 1.0;
  next_poll_ =
      clock_.steady() +
      milliseconds(static_cast<milliseconds::rep>(factor * static_cast<double>(interval.count())));
}

// Changed files may name another database or another account than the one that was denied.
void CredentialStore::heedMove() {
  const auto now = clock_.steady();
  if (error_ && error_->fault == Fault::LoginRejected && now < ask_again_) {
    std::erase_if(moves_, [&](SteadyTime at) { return at + kMoveWindow <= now; });
    if (moves_.size() >= kMoves) return;
    moves_.push_back(now);
    ask_again_ = now;
  }
  next_poll_ = now;
}

void CredentialStore::rejected() {
  const MutexLock lock(mutex_);
  rejected_ = true;
  const milliseconds within(static_cast<milliseconds::rep>(
      draw_() * static_cast<double>(schedule_.rejected_first.count())));
  next_poll_ = std::min(next_poll_, clock_.steady() + within);
}

bool CredentialStore::afterRejection() const {
  const MutexLock lock(mutex_);
  return rejected_;
}

void CredentialStore::accepted() {
  const MutexLock lock(mutex_);
  rejected_ = false;
}

}  // namespace postern::credentials
