#include "tls/server_handshake.h"

#include "tls/certificate.h"

namespace postern::tls {
namespace {

constexpr int kAuthoritiesShown = 10;

// The root or pinned intermediate at the end of the verified chain.
std::string anchorOf(SSL* ssl) {
  const STACK_OF(X509)* const chain = SSL_get0_verified_chain(ssl);
  const int length = chain == nullptr ? 0 : sk_X509_num(chain);
  return length == 0 ? std::string() : subjectOf(*sk_X509_value(chain, length - 1));
}

void takeAuthorities(SSL* ssl, ServerHandshake& handshake) {
  const STACK_OF(X509_NAME)* const names = SSL_get0_peer_CA_list(ssl);
  const int count = names == nullptr ? 0 : sk_X509_NAME_num(names);
  for (int i = 0; i < count && i < kAuthoritiesShown; ++i)
    handshake.client_authorities.push_back(nameText(*sk_X509_NAME_value(names, i)));
  handshake.more_authorities =
      static_cast<std::size_t>(count) - handshake.client_authorities.size();
}

}  // namespace

ServerHandshake serverHandshakeOf(SSL* ssl, bool asked) {
  ServerHandshake handshake;
  handshake.asks_for_client = asked;
  handshake.negotiated = negotiatedOf(ssl);
  handshake.certificate = Material::serverCertificate(ssl);
  handshake.anchor = anchorOf(ssl);
  takeAuthorities(ssl, handshake);
  return handshake;
}

}  // namespace postern::tls
