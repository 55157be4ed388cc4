#include "tls/verify.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include "tls/certificate.h"
#include "tls/chain_search.h"
#include "tls/verify_error.h"

namespace postern::tls {
namespace {

// Ex-data of each SSL, which frees it.
struct Expectation {
  std::string name;
  std::string refusal;
};

void freeExpectation(void*, void* expectation, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Expectation*>(expectation);
}

int expectationIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, freeExpectation);
  return index;
}

// Only names in subjectAltName count (RFC 9525, section 2), like in Go since 1.15.
constexpr unsigned int kHostFlags =
    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

bool isAddress(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
}

int judgeDates(const X509& leaf) {
  const int before = X509_cmp_current_time(X509_get0_notBefore(&leaf));
  const int after = X509_cmp_current_time(X509_get0_notAfter(&leaf));
  if (before == 0) return X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD;
  if (after == 0) return X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD;
  if (before > 0) return X509_V_ERR_CERT_NOT_YET_VALID;
  return after < 0 ? X509_V_ERR_CERT_HAS_EXPIRED : X509_V_OK;
}

int judgeName(X509* leaf, const std::string& name) {
  if (isAddress(name)) {
    return X509_check_ip_asc(leaf, name.c_str(), 0) == 1 ? X509_V_OK
                                                         : X509_V_ERR_IP_ADDRESS_MISMATCH;
  }
  const int matches = X509_check_host(leaf, name.data(), name.size(), kHostFlags, nullptr);
  return matches == 1 ? X509_V_OK : X509_V_ERR_HOSTNAME_MISMATCH;
}

// X.509-SVID, section 2: exactly one URI.
int judgeSpiffeId(const X509& leaf, const std::string& id) {
  const auto uris = urisOf(leaf);
  return uris.size() == 1 && uris.front() == id ? X509_V_OK : X509_V_ERR_HOSTNAME_MISMATCH;
}

// Returns an X509_V_* code. When the chain is checked, OpenSSL checks dates and name with it.
int judge(X509_STORE_CTX* store, X509* leaf, const VerifyPolicy& policy, const std::string& name) {
  if (!policy.pin.empty() && pinOf(*leaf) != policy.pin) {
    return X509_V_ERR_APPLICATION_VERIFICATION;
  }
  if (policy.check_chain) {
    if (const int error = verifyAnyChain(store); error != X509_V_OK) return error;
    return policy.spiffe_id.empty() ? X509_V_OK : judgeSpiffeId(*leaf, policy.spiffe_id);
  }
  if (policy.check_dates) {
    if (const int error = judgeDates(*leaf); error != X509_V_OK) return error;
  }
  return policy.check_name ? judgeName(leaf, name) : X509_V_OK;
}

int verifyServer(X509_STORE_CTX* store, void* argument) {
  const auto& policy = *static_cast<const VerifyPolicy*>(argument);
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& expectation = *static_cast<Expectation*>(SSL_get_ex_data(ssl, expectationIndex()));

  const int error = judge(store, X509_STORE_CTX_get0_cert(store), policy, expectation.name);
  X509_STORE_CTX_set_error(store, error);
  if (error == X509_V_OK) return 1;
  expectation.refusal = describeVerifyError(error, store, policy, expectation.name);
  return 0;
}

}  // namespace

VerifyPolicy policyOf(const config::Tls& config, bool ca_file_read) {
  VerifyPolicy policy;
  policy.pin = config.pin_sha256;
  policy.server_name = config.server_name;
  policy.system_roots = config.system_roots;
  policy.crl_file = config.crl_file;
  if (ca_file_read) {
    policy.ca_file = config.ca_file;
  } else {
    policy.absent_ca_file = config.ca_file;
  }
  if (config.insecure_skip_verify) {
    policy.check_chain = policy.check_name = policy.check_dates = false;
  } else if (!policy.pin.empty()) {
    policy.check_chain = ca_file_read;
    policy.check_name = !config.server_name.empty();
  }
  if (!config.spiffe_id.empty() && policy.check_chain) {
    policy.spiffe_id = config.spiffe_id;
    policy.check_name = false;
  }
  return policy;
}

void enforce(const VerifyPolicy& policy, SSL_CTX* context) {
  searchChains(SSL_CTX_get_cert_store(context));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  // OpenSSL only passes the pointer to verifyServer(), which does not write through it.
  SSL_CTX_set_cert_verify_callback(context, verifyServer, const_cast<VerifyPolicy*>(&policy));
}

bool expectName(const VerifyPolicy& policy, const std::string& host, SSL* ssl) {
  auto expectation = std::make_unique<Expectation>();
  std::string& name = expectation->name;
  name = policy.server_name.empty() ? host : policy.server_name;
  // Names in certificates have no root dot.
  if (name.size() > 1 && name.back() == '.') name.pop_back();

  X509_VERIFY_PARAM* const param = SSL_get0_param(ssl);
  const bool address = isAddress(name);
  bool good = true;
  if (policy.check_name && address) {
    good = X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) == 1;
  } else if (policy.check_name) {
    SSL_set_hostflags(ssl, kHostFlags);
    good = SSL_set1_host(ssl, name.c_str()) == 1;
  }
  // SNI does not allow IP addresses (RFC 6066 section 3).
  if (!address) good = good && SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
  if (!good || SSL_set_ex_data(ssl, expectationIndex(), expectation.get()) != 1) return false;
  static_cast<void>(expectation.release());
  return true;
}

std::string verifyErrorOf(SSL* ssl) {
  const auto* expectation =
      static_cast<const Expectation*>(SSL_get_ex_data(ssl, expectationIndex()));
  return expectation->refusal;
}

}  // namespace postern::tls
