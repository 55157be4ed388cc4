#include "serve/target_view.h"

#include <utility>

#include "serve/targets.h"

namespace postern::serve {
namespace {

// `client` is null where no server certificate is known.
MaterialView viewOf(MaterialView::Peer peer, const tls::Store& store,
                    const upstream::Client* client) {
  MaterialView view;
  view.peer = peer;
  view.cert_file = store.config().cert_file.string();
  view.ca_file = store.config().ca_file.string();
  view.status = store.status();
  if (const auto material = store.current()) {
    view.client_validity = (*material)->clientValidity();
    view.ca_validity = (*material)->caValidity();
    view.client_chain = (*material)->clientChain();
    view.authorities = (*material)->authorities();
    view.warnings = (*material)->warnings();
  } else {
    view.error = material.error();
  }
  if (client != nullptr) view.server = client->serverCertificate();
  return view;
}

std::vector<MaterialView> materialsOf(const scrape::Door& door) {
  using Peer = MaterialView::Peer;
  std::vector<MaterialView> views = {viewOf(Peer::Service, door.material, &door.client)};
  if (const auto* endpoint = door.token_endpoint.get())
    views.push_back(viewOf(Peer::TokenEndpoint, endpoint->material, &endpoint->client));
  if (door.database_material)
    views.push_back(viewOf(Peer::Database, *door.database_material, nullptr));
  return views;
}

CredentialView viewOf(const credentials::Store& store) {
  const auto status = store.status();
  CredentialView view;
  view.source = status.source;
  view.changes = status.changes;
  view.failed_loads = status.failed_loads;
  view.last_success = status.last_success;
  view.error = status.error;
  view.remedy = status.remedy;
  if (const auto loaded = store.current()) {
    view.found = true;
    view.company_name = loaded->credential.company_name;
  }
  return view;
}

}  // namespace

TargetView viewOf(const scrape::Target& target) {
  const auto& door = *target.door();
  TargetView view;
  view.config = {target.shared_from_this(), &target.config()};
  view.counts = target.stats()->counts();
  view.last_scrapes = target.stats()->lastScrapes();
  view.session = door.session.status();
  view.sends_credential_itself = door.session.sendsCredentialItself();
  if (door.credentials) view.credential = viewOf(*door.credentials);
  view.materials = materialsOf(door);
  view.connections = door.client.connections();
  view.now = target.clock().system();
  return view;
}

TargetViews viewsOf(const Targets& targets) {
  TargetViews views;
  views.reserve(targets.all.size());
  for (const auto& target : targets.all) views.push_back(viewOf(*target));
  return views;
}

std::string_view rolePrefix(MaterialView::Peer peer) {
  switch (peer) {
    case MaterialView::Peer::Service: break;
    case MaterialView::Peer::TokenEndpoint: return "token_endpoint_";
    case MaterialView::Peer::Database: return "database_";
  }
  return "";
}

}  // namespace postern::serve
