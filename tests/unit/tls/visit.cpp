#include "unit/tls/visit.h"

#include <openssl/err.h>

#include "tls/certificate.h"

namespace postern::tls {
namespace {

using Connection = std::unique_ptr<SSL, decltype(&SSL_free)>;

// Whether `step` (SSL_do_handshake and similar calls) is done; sets `over` if it never will be.
template <typename Step>
bool advance(SSL* ssl, Step step, bool& over) {
  ERR_clear_error();
  const int result = step();
  if (result == 1) return true;
  const int error = SSL_get_error(ssl, result);
  over = over || (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE);
  return false;
}

std::string reason() {
  const char* const text = ERR_reason_error_string(ERR_peek_error());
  return text == nullptr ? "closed" : text;
}

// The server's answer of one byte, or the error.
std::string converse(SSL* listener, SSL* visitor) {
  char byte = 0;
  bool answered = false;
  bool listener_over = false;
  for (int i = 0; i < 20; ++i) {
    bool over = false;
    const auto read = [&] {
      return SSL_is_init_finished(visitor) == 1 ? SSL_read(visitor, &byte, 1)
                                                : SSL_do_handshake(visitor);
    };
    if (advance(visitor, read, over) && byte != 0) return {};
    if (over) return reason();
    if (!listener_over &&
        advance(
            listener, [&] { return SSL_do_handshake(listener); }, listener_over)) {
      if (!answered) answered = SSL_write(listener, "x", 1) == 1;
    }
  }
  return "no end";
}

}  // namespace

Visitor::Visitor() : context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
  SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN);
}

Visitor& Visitor::shows(const testing::Identity& identity) {
  SSL_CTX_use_certificate(context.get(), identity.x509());
  SSL_CTX_use_PrivateKey(context.get(), identity.privateKey());
  return *this;
}

Visitor& Visitor::sends(const testing::Identity& intermediate) {
  SSL_CTX_add1_chain_cert(context.get(), intermediate.x509());
  return *this;
}

Visitor& Visitor::speaks(int min_version, int max_version) {
  SSL_CTX_set_min_proto_version(context.get(), min_version);
  SSL_CTX_set_max_proto_version(context.get(), max_version);
  if (min_version < TLS1_2_VERSION) SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  return *this;
}

Visitor& Visitor::offers(const char* suites) {
  SSL_CTX_set_cipher_list(context.get(), suites);
  return *this;
}

Visitor& Visitor::prefers(const char* groups) {
  SSL_CTX_set1_groups_list(context.get(), groups);
  return *this;
}

Visitor& Visitor::asksFor(const std::string& protocol) {
  protocols += static_cast<char>(protocol.size()) + protocol;
  return *this;
}

Visit visit(SSL_CTX* listener, const Visitor& visitor, SSL_SESSION* again) {
  const Connection server(SSL_new(listener), SSL_free);
  const Connection client(SSL_new(visitor.context.get()), SSL_free);
  BIO* server_end = nullptr;
  BIO* client_end = nullptr;
  BIO_new_bio_pair(&server_end, 1U << 17, &client_end, 1U << 17);
  SSL_set_bio(server.get(), server_end, server_end);
  SSL_set_bio(client.get(), client_end, client_end);
  SSL_set_accept_state(server.get());
  SSL_set_connect_state(client.get());
  SSL_set_alpn_protos(client.get(),
                      reinterpret_cast<const unsigned char*>(visitor.protocols.data()),
                      static_cast<unsigned>(visitor.protocols.size()));
  if (again != nullptr) SSL_set_session(client.get(), again);

  Visit result;
  result.error = converse(server.get(), client.get());
  result.refused = refusedClient(server.get());
  result.version = SSL_get_version(client.get());
  const char* const suite = SSL_get_cipher_name(client.get());
  result.suite = suite == nullptr ? "" : suite;
  const char* const group =
      SSL_group_to_name(client.get(), static_cast<int>(SSL_get_negotiated_group(client.get())));
  result.group = group == nullptr ? "" : group;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(client.get(), &protocol, &size);
  if (size > 0) result.protocol.assign(reinterpret_cast<const char*>(protocol), size);
  if (const X509* const shown = SSL_get0_peer_certificate(client.get())) {
    result.shown = subjectOf(*shown);
  }
  if (auto* const chain = SSL_get_peer_cert_chain(client.get())) {
    result.certificates = sk_X509_num(chain);
  }
  result.session.reset(SSL_get1_session(client.get()), SSL_SESSION_free);
  result.resumable = result.session && SSL_SESSION_is_resumable(result.session.get()) == 1;
  result.resumed = SSL_session_reused(client.get()) == 1;
  return result;
}

}  // namespace postern::tls
