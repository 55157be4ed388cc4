#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "async/job_runner.h"
#include "async/loop.h"
#include "config/target.h"
#include "credentials/store.h"
#include "session/session.h"
#include "tls/store.h"
#include "upstream/client.h"

namespace postern::scrape {

struct TokenEndpoint;

// The authenticated client of one guarded service: material, connections, credential and session.
// It outlives a reload of the configuration that does not touch them. On its loop, where it is also
// destroyed, but for what is said to be thread-safe.
class TargetClient : public std::enable_shared_from_this<TargetClient> {
 public:
  // What it works with; all must outlive it.
  struct Parts {
    upstream::Resolver& resolver;
    async::Loop& loop;
    async::JobRunner& runner;  // for files, the database and handshakes
  };
  // `given` takes the place of the client for the service, in tests; null: it is made.
  TargetClient(const config::Target& target, const std::filesystem::path& state_dir,
               const Parts& parts, const Draw& draw,
               std::unique_ptr<upstream::HttpClient> given = nullptr);
  ~TargetClient();

  // Whether a reload to `other` may keep this client. Thread-safe, as is what follows up to `http`.
  bool serves(const config::Target& other) const;
  // Once a second, by one thread: looks whether mounted files have changed. Does not block.
  void pollFiles();
  // The same for a database, by a thread that may be held up for ten seconds.
  void pollDatabase();
  bool readsDatabase() const;
  std::size_t connections() const;                        // open ones, idle or in use
  std::optional<tls::Summary> serverCertificate() const;  // of the last handshake

  const config::Target config;
  tls::Store material;
  std::unique_ptr<TokenEndpoint> token_endpoint;    // of oauth2 alone
  std::unique_ptr<tls::Store> database_material;    // null: no database, or one without TLS
  std::shared_ptr<credentials::Store> credentials;  // null: none are needed
  const std::unique_ptr<upstream::HttpClient> http;
  session::Session session;

 private:
  TargetClient(const config::Target& target, session::StateFile state, const Parts& parts,
               const Draw& draw, std::unique_ptr<upstream::HttpClient> given);
  // Null when a test gave another one.
  const upstream::Client* realClient() const;

  async::Loop& loop_;
};

// Where tokens come from when that is not the service itself.
struct TokenEndpoint {
  // `target` has oauth2.
  TokenEndpoint(const config::Target& target, const TargetClient::Parts& parts);

  tls::Store material;
  upstream::Client client;
};

}  // namespace postern::scrape
