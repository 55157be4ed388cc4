#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "config/target.h"
#include "credentials/store.h"
#include "session/session.h"
#include "tls/store.h"
#include "upstream/client.h"

namespace postern::scrape {

// Where tokens come from when that is not the service itself.
struct TokenEndpoint {
  TokenEndpoint(const config::Oauth2& oauth2, const std::string& target,
                upstream::Resolver& resolver, const Clock& clock);

  tls::Store material;
  upstream::Client client;
};

// The way into one guarded service: material, connections, credential and session. It
// outlives a reload of the configuration that does not touch them.
struct Door {
  Door(const config::Target& target, const std::filesystem::path& state_dir,
       upstream::Resolver& resolver, const Clock& clock, const Draw& draw);

  // Whether a reload to `other` may keep this door.
  bool serves(const config::Target& other) const;
  // Once a second, by one thread: looks whether mounted files have changed. Does not block.
  void pollFiles();
  // The same for a database, by a thread that may be held up for ten seconds.
  void pollDatabase();
  bool readsDatabase() const;

  const config::Target config;
  tls::Store material;
  upstream::Client client;
  std::unique_ptr<TokenEndpoint> token_endpoint;    // of oauth2 alone
  std::unique_ptr<tls::Store> database_material;    // null: no database, or one without TLS
  std::unique_ptr<credentials::Store> credentials;  // null: none are needed
  session::Session session;

 private:
  Door(const config::Target& target, session::StateFile state, upstream::Resolver& resolver,
       const Clock& clock, const Draw& draw);
};

}  // namespace postern::scrape
