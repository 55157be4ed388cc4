#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "async/job_runner.h"
#include "async/loop.h"
#include "config/target.h"
#include "credentials/credential_store.h"
#include "session/session.h"
#include "tls/material_store.h"
#include "upstream/client.h"

namespace postern::scrape {

struct TokenEndpoint;

// The authenticated client of one guarded service: material, connections, credential and session.
// It survives a reload of the configuration that does not change them. On its loop, where it is
// also destroyed, except for functions that are marked as thread-safe.
class TargetClient : public std::enable_shared_from_this<TargetClient> {
 public:
  // The collaborators; all must outlive it.
  struct ClientParts {
    upstream::Resolver& resolver;
    async::Loop& loop;
    async::JobRunner& runner;  // for files, the database and handshakes
  };
  // In tests `given` replaces the client of the service; null: it makes one.
  TargetClient(const config::Target& target, const std::filesystem::path& state_dir,
               const ClientParts& parts, const Draw& draw,
               std::unique_ptr<upstream::HttpClient> given = nullptr);
  ~TargetClient();

  // Whether a reload to `other` may keep this client. Thread-safe, like the following members up to
  // `http`.
  bool serves(const config::Target& other) const;
  // Checks whether mounted files have changed. Call once a second, on one thread. Does not block.
  void pollFiles();
  // The same for a database, on a thread that may block for ten seconds.
  void pollDatabase();
  bool readsDatabase() const;
  std::size_t connections() const;                        // open connections, idle or in use
  std::optional<tls::Summary> serverCertificate() const;  // of the last handshake

  const config::Target config;
  tls::MaterialStore material;
  std::unique_ptr<TokenEndpoint> token_endpoint;          // only for oauth2
  std::unique_ptr<tls::MaterialStore> database_material;  // null: no database, or one without TLS
  std::shared_ptr<credentials::CredentialStore> credentials;  // null: no credential is needed
  const std::unique_ptr<upstream::HttpClient> http;
  session::Session session;

 private:
  TargetClient(const config::Target& target, session::StateFile state, const ClientParts& parts,
               const Draw& draw, std::unique_ptr<upstream::HttpClient> given);
  // Null when a test replaced the client.
  const upstream::Client* realClient() const;

  async::Loop& loop_;
};

// The token endpoint, if it is not the service itself.
struct TokenEndpoint {
  // `target` has oauth2.
  TokenEndpoint(const config::Target& target, const TargetClient::ClientParts& parts);

  tls::MaterialStore material;
  upstream::Client client;
};

}  // namespace postern::scrape
