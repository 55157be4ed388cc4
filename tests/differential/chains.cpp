// Verifies chains with both ends of postern, for the comparison with crypto/x509. Repeatedly reads
// "CHAIN KEY AUTHORITIES\n", three sizes, and as many bytes of PEM of each. Answers with two texts,
// each as "SIZE\n" and the text: the error of the chain as a server's and as a client's, empty if
// it was accepted.
#include <iostream>
#include <string>

#include "tls/server_context.h"
#include "unit/tls/handshake.h"
#include "unit/tls/mount.h"
#include "unit/tls/visit.h"

namespace {

using namespace postern;

std::string asServer(const tls::Mount& mount) {
  const auto material = mount.load();
  if (!material) return "not loaded: " + material.error().what;
  tls::Server server;
  server.shows(mount.path("chain.pem"), mount.path("chain.key"));
  const auto outcome = tls::shakeHands(**material, server, "localhost");
  return outcome.error ? outcome.error->what : "";
}

std::string asClient(const tls::Mount& mount, const testing::Identity& listener) {
  config::TlsServer config;
  config.cert = listener.certificate();
  config.key = Secret(listener.key());
  config.client_auth = config::ClientAuth::RequireAndVerify;
  config.client_ca_file = mount.config.ca_file;
  const auto loaded = tls::loadServerContext(config, {}, std::chrono::system_clock::now());
  if (!loaded) return "not loaded: " + loaded.error().what;
  const tls::Visitor visitor;
  SSL_CTX_use_certificate_chain_file(visitor.context.get(), mount.path("chain.pem").c_str());
  SSL_CTX_use_PrivateKey_file(visitor.context.get(), mount.path("chain.key").c_str(),
                              SSL_FILETYPE_PEM);
  const auto seen = tls::visit(loaded->context.get(), visitor);
  return seen.error.empty() ? "" : seen.error + ": " + seen.refused;
}

std::string readBytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::cin.read(bytes.data(), static_cast<std::streamsize>(size));
  return bytes;
}

}  // namespace

int main() {
  const auto listener = testing::makeAuthority();
  for (std::size_t chain = 0, key = 0, authorities = 0; std::cin >> chain >> key >> authorities;) {
    std::cin.get();
    tls::Mount mount;
    mount.write("chain.pem", readBytes(chain));
    mount.write("chain.key", readBytes(key));
    mount.ca(readBytes(authorities));
    for (const auto& refusal : {asServer(mount), asClient(mount, listener)}) {
      std::cout << refusal.size() << '\n' << refusal << std::flush;
    }
  }
}
