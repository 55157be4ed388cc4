#include "session/credential_reading.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "async/loop.h"

namespace postern::session {
namespace {

// In real time, because sources use it. A loop may have another clock.
Deadline realDeadline(const async::Scope& scope) {
  const auto left =
      std::min<SteadyTime::duration>(scope.deadline() - scope.loop().now(), std::chrono::hours(1));
  return deadlineIn(std::chrono::ceil<std::chrono::milliseconds>(left));
}

}  // namespace

bool logsIn(const std::optional<config::Login>& login, const credentials::Credential& credential) {
  return login && !credential.username.empty() && !credential.password.empty();
}

CredentialReading::CredentialReading(std::shared_ptr<credentials::CredentialStore> store,
                                     std::optional<config::Login> login, const async::Scope& scope)
    : store_(std::move(store)), login_(std::move(login)), deadline_(realDeadline(scope)) {}

CredentialReading::Read CredentialReading::operator()() const {
  Read read{store_->refresh(deadline_), false, credentials::SecretHeaders()};
  if (!read.credential) return read;
  (*read.credential)->fingerprint();  // takes 6 ms, so not on the loop
  read.logs_in = logsIn(login_, (*read.credential)->credential);
  if (read.logs_in) read.headers = credentials::readHeaders(login_->http_headers);
  return read;
}

}  // namespace postern::session
