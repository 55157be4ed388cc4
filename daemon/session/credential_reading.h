#pragma once

#include <memory>
#include <optional>

#include "async/scope.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/login.h"
#include "credentials/credential_store.h"
#include "credentials/headers.h"
#include "credentials/source.h"

namespace postern::session {

// Whether the credential is sent in a login instead of with each page.
bool logsIn(const std::optional<config::Login>& login, const credentials::Credential& credential);

// The job that reads everything for a login attempt. It owns what it uses.
class CredentialReading {
 public:
  struct Read {
    Result<credentials::LoadedCredential> credential;  // fingerprint already computed
    bool logs_in = false;
    Result<credentials::SecretHeaders> headers;  // http_headers of the login
  };

  // Reads until the scope's deadline at most, if the source supports deadlines.
  CredentialReading(std::shared_ptr<credentials::CredentialStore> store,
                    std::optional<config::Login> login, const async::Scope& scope);

  // Blocks.
  Read operator()() const;
  // Expires with the last copy of the job.
  std::weak_ptr<void> running() const { return running_; }

 private:
  std::shared_ptr<credentials::CredentialStore> store_;
  std::optional<config::Login> login_;
  Deadline deadline_;
  std::shared_ptr<void> running_ = std::make_shared<bool>();
};

}  // namespace postern::session
