#include "web/target_view.h"

#include <utility>

#include "web/targets.h"

namespace postern::web {
namespace {

MaterialView viewOf(MaterialView::PeerKind peer, const tls::MaterialStore& store,
                    std::optional<tls::Summary> server) {
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
  view.server = std::move(server);
  return view;
}

std::vector<MaterialView> materialsOf(const scrape::TargetClient& client) {
  using PeerKind = MaterialView::PeerKind;
  std::vector<MaterialView> views = {
      viewOf(PeerKind::Service, client.material, client.serverCertificate())};
  if (const auto* endpoint = client.token_endpoint.get())
    views.push_back(
        viewOf(PeerKind::TokenEndpoint, endpoint->material, endpoint->client.serverCertificate()));
  if (client.database_material)
    views.push_back(viewOf(PeerKind::Database, *client.database_material, std::nullopt));
  return views;
}

CredentialView viewOf(const credentials::CredentialStore& store) {
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
  const auto& client = *target.client();
  TargetView view;
  view.config = {target.shared_from_this(), &target.config()};
  view.counts = target.stats()->counts();
  view.last_scrapes = target.stats()->lastScrapes();
  view.session = client.session.status();
  view.sends_credential_itself = client.session.sendsCredentialItself();
  if (client.credentials) view.credential = viewOf(*client.credentials);
  view.materials = materialsOf(client);
  view.connections = client.connections();
  view.now = target.clock().system();
  return view;
}

TargetViews viewsOf(const Targets& targets) {
  TargetViews views;
  views.reserve(targets.all.size());
  for (const auto& target : targets.all) views.push_back(viewOf(*target));
  return views;
}

std::string_view rolePrefix(MaterialView::PeerKind peer) {
  switch (peer) {
    case MaterialView::PeerKind::Service: break;
    case MaterialView::PeerKind::TokenEndpoint: return "token_endpoint_";
    case MaterialView::PeerKind::Database: return "database_";
  }
  return "";
}

}  // namespace postern::web
