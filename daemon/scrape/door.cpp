#include "scrape/door.h"

#include <utility>

#include "credentials/mounted.h"
#include "credentials/mysql.h"
#include "credentials/mysql_folder.h"

namespace postern::scrape {
namespace {

std::unique_ptr<credentials::Store> makeStore(const config::Target& target, const std::string& salt,
                                              const Clock& clock, const Draw& draw) {
  if (!target.credentials) return nullptr;
  const auto backoff = target.login ? target.login->backoff : config::Backoff();
  if (target.credentials->mysql) {
    const auto& mysql = *target.credentials->mysql;
    return std::make_unique<credentials::Store>(
        std::make_unique<credentials::MysqlSource>(mysql, target.name), target.name,
        credentials::Schedule::database(mysql.refresh_interval), backoff, salt, clock, draw);
  }
  return std::make_unique<credentials::Store>(
      std::make_unique<credentials::MountedSource>(*target.credentials->file), target.name,
      credentials::Schedule::mounted(), backoff, salt, clock, draw);
}

// The driver takes the files by itself: here they have their dates and their errors.
std::unique_ptr<tls::Store> makeDatabaseMaterial(const config::Target& target, const Clock& clock) {
  if (!target.credentials || !target.credentials->mysql) return nullptr;
  const auto files = credentials::tlsFilesOf(*target.credentials->mysql);
  if (!files) return nullptr;
  return std::make_unique<tls::Store>(*files, target.name + " (database)", clock);
}

// Looks whether the files have changed; true when they were taken up.
bool takesUpFiles(tls::Store& material) {
  const auto inUse = [&] {
    auto current = material.current();
    return current ? *std::move(current) : nullptr;
  };
  const auto before = inUse();
  material.poll();
  return inUse() != before;
}

}  // namespace

TokenEndpoint::TokenEndpoint(const config::Oauth2& oauth2, const std::string& target,
                             upstream::Resolver& resolver, const Clock& clock)
    : material(oauth2.tls, target + " (oauth2)", clock),
      client(named(oauth2.host, oauth2.tls), material, resolver) {}

Door::Door(const config::Target& target, const std::filesystem::path& state_dir,
           upstream::Resolver& resolver, const Clock& clock, const Draw& draw)
    : Door(target, session::StateFile(state_dir, target.name), resolver, clock, draw) {}

Door::Door(const config::Target& target, session::StateFile state, upstream::Resolver& resolver,
           const Clock& clock, const Draw& draw)
    : config(target),
      material(target.tls, target.name, clock),
      client(named(target.url, target.tls), material, resolver),
      token_endpoint(target.oauth2 ? std::make_unique<TokenEndpoint>(*target.oauth2, target.name,
                                                                     resolver, clock)
                                   : nullptr),
      database_material(makeDatabaseMaterial(target, clock)),
      credentials(makeStore(target, state.loaded().salt, clock, draw)),
      session(target, credentials.get(), token_endpoint ? token_endpoint->client : client, clock,
              draw, std::move(state)) {
  if (credentials && !readsDatabase()) credentials->poll(deadlineIn(std::chrono::seconds(1)));
}

bool Door::serves(const config::Target& other) const {
  return config.name == other.name && config.url == other.url && config.tls == other.tls &&
         config.credentials == other.credentials && config.login == other.login &&
         config.oauth2 == other.oauth2;
}

bool Door::readsDatabase() const {
  return config.credentials && config.credentials->mysql;
}

void Door::pollFiles() {
  if (takesUpFiles(material)) session.wayChanged();
  if (token_endpoint && takesUpFiles(token_endpoint->material)) session.wayChanged();
  if (database_material) database_material->poll();
  if (credentials && !readsDatabase()) credentials->poll(deadlineIn(std::chrono::seconds(1)));
}

void Door::pollDatabase() {
  if (credentials && readsDatabase()) credentials->poll(deadlineIn(std::chrono::seconds(10)));
}

}  // namespace postern::scrape
