#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/target.h"
#include "scrape/stats.h"
#include "scrape/target.h"
#include "session/session.h"
#include "tls/material_store.h"

namespace postern::web {

struct Targets;

// Certificates for the connections to one peer: the loaded ones, and the peer's own.
struct MaterialView {
  enum class PeerKind : std::uint8_t { Service, TokenEndpoint, Database };

  PeerKind peer = PeerKind::Service;
  std::string cert_file;  // as configured; empty: not configured
  std::string ca_file;
  tls::MaterialStoreStatus status;
  std::optional<Error> error;  // why no load has succeeded yet; not set after a success
  // Of the last successful load. Validity: of the certificate that expires first.
  std::optional<tls::Validity> client_validity;
  std::optional<tls::Validity> ca_validity;
  std::vector<tls::Summary> client_chain;
  std::vector<tls::Summary> authorities;
  std::vector<std::string> warnings;
  std::optional<tls::Summary> server;  // of the last handshake; not set for a database
};

struct CredentialView {
  std::string_view source;    // kind of source; static
  std::uint64_t changes = 0;  // loads that returned a new credential
  std::uint64_t failed_loads = 0;
  std::optional<SystemTime> last_success;  // when a load last succeeded
  std::string error;                       // of the last load if it failed, else empty
  std::string remedy;                      // remedy of that error; may be empty
  bool found = false;                      // a credential is in use
  std::string company_name;                // of that credential; may be empty
};

// The state of one target at one moment. Health, status, trace, pages for people, legacy endpoints
// and own metrics are rendered from it alone. An immutable value. Its only secrets are those of its
// configuration.
struct TargetView {
  std::shared_ptr<const config::Target> config;  // never null
  scrape::ScrapeCounts counts;
  std::vector<scrape::LastScrape> last_scrapes;  // the oldest first
  session::SessionStatus session;
  bool sends_credential_itself = false;      // pages carry the credential instead of a token
  std::optional<CredentialView> credential;  // not set: no credential is needed
  std::vector<MaterialView> materials;       // at least one; the first belongs to the service
  std::size_t connections = 0;               // open connections to the service
  SystemTime now;                            // when the view was made

  const MaterialView& material() const { return materials.front(); }
};
using TargetViews = std::vector<TargetView>;

// Thread-safe; never blocks for long.
TargetView viewOf(const scrape::Target& target);
TargetViews viewsOf(const Targets& targets);

// The prefix of the peer's certificate roles in metrics and status: "" for the service.
std::string_view rolePrefix(MaterialView::PeerKind peer);

}  // namespace postern::web
