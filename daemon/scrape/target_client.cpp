#include "scrape/target_client.h"

#include <utility>

#include "credentials/mounted.h"
#include "credentials/mysql.h"
#include "credentials/mysql_folder.h"

namespace postern::scrape {
namespace {

std::shared_ptr<credentials::CredentialStore> makeStore(const config::Target& target,
                                                        const std::string& salt, const Clock& clock,
                                                        const Draw& draw) {
  if (!target.credentials) return nullptr;
  const auto backoff = target.login ? target.login->backoff : config::BackoffOptions();
  if (target.credentials->mysql) {
    const auto& mysql = *target.credentials->mysql;
    return std::make_shared<credentials::CredentialStore>(
        std::make_unique<credentials::MysqlSource>(mysql, target.name), target.name,
        credentials::Schedule::database(mysql.refresh_interval), backoff, salt, clock, draw);
  }
  return std::make_shared<credentials::CredentialStore>(
      std::make_unique<credentials::MountedSource>(*target.credentials->file), target.name,
      credentials::Schedule::mounted(), backoff, salt, clock, draw);
}

// The driver reads the files itself. This store only provides their dates and errors.
std::unique_ptr<tls::MaterialStore> makeDatabaseMaterial(const config::Target& target,
                                                         const Clock& clock) {
  if (!target.credentials || !target.credentials->mysql) return nullptr;
  const auto files = credentials::tlsFilesOf(*target.credentials->mysql);
  if (!files) return nullptr;
  return std::make_unique<tls::MaterialStore>(*files, target.name + " (database)", clock);
}

// Checks whether the files have changed. Returns true when they were loaded.
bool hasReloaded(tls::MaterialStore& material) {
  const auto inUse = [&] {
    auto current = material.current();
    return current ? *std::move(current) : nullptr;
  };
  const auto before = inUse();
  material.poll();
  return inUse() != before;
}

}  // namespace

TokenEndpoint::TokenEndpoint(const config::Target& target, const TargetClient::ClientParts& parts)
    : material(target.oauth2->tls, target.name + " (oauth2)", parts.loop.clock()),
      client(named(target.oauth2->host, target.oauth2->tls), material, parts.resolver, parts.loop,
             parts.runner) {}

TargetClient::TargetClient(const config::Target& target, const std::filesystem::path& state_dir,
                           const ClientParts& parts, const Draw& draw,
                           std::unique_ptr<upstream::HttpClient> given)
    : TargetClient(target, session::StateFile(state_dir, target.name), parts, draw,
                   std::move(given)) {}

TargetClient::TargetClient(const config::Target& target, session::StateFile state,
                           const ClientParts& parts, const Draw& draw,
                           std::unique_ptr<upstream::HttpClient> given)
    : config(target),
      material(target.tls, target.name, parts.loop.clock()),
      token_endpoint(target.oauth2 ? std::make_unique<TokenEndpoint>(target, parts) : nullptr),
      database_material(makeDatabaseMaterial(target, parts.loop.clock())),
      credentials(makeStore(target, state.loaded().salt, parts.loop.clock(), draw)),
      http(given ? std::move(given)
                 : std::make_unique<upstream::Client>(named(target.url, target.tls), material,
                                                      parts.resolver, parts.loop, parts.runner)),
      session(target,
              {credentials,
               token_endpoint ? static_cast<upstream::HttpClient&>(token_endpoint->client) : *http,
               parts.loop, parts.runner},
              draw, std::move(state)),
      loop_(parts.loop) {
  if (credentials && !readsDatabase()) credentials->poll(deadlineIn(std::chrono::seconds(1)));
}

TargetClient::~TargetClient() = default;

bool TargetClient::serves(const config::Target& other) const {
  return config.name == other.name && config.url == other.url && config.tls == other.tls &&
         config.credentials == other.credentials && config.login == other.login &&
         config.oauth2 == other.oauth2;
}

bool TargetClient::readsDatabase() const {
  return config.credentials && config.credentials->mysql;
}

void TargetClient::pollFiles() {
  bool changed = hasReloaded(material);
  if (token_endpoint && hasReloaded(token_endpoint->material)) changed = true;
  if (changed) {
    loop_.inbox()->post([self = shared_from_this()] { self->session.onNetworkChange(); });
  }
  if (database_material) database_material->poll();
  if (credentials && !readsDatabase()) credentials->poll(deadlineIn(std::chrono::seconds(1)));
}

void TargetClient::pollDatabase() {
  if (credentials && readsDatabase()) credentials->poll(deadlineIn(std::chrono::seconds(10)));
}

const upstream::Client* TargetClient::realClient() const {
  return dynamic_cast<const upstream::Client*>(http.get());
}

std::size_t TargetClient::connections() const {
  const auto* const client = realClient();
  return client == nullptr ? 0 : client->connections();
}

std::optional<tls::Summary> TargetClient::serverCertificate() const {
  const auto* const client = realClient();
  return client == nullptr ? std::nullopt : client->serverCertificate();
}

}  // namespace postern::scrape
