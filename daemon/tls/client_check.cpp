#include "tls/client_check.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "tls/certificate.h"
#include "tls/chain_search.h"
#include "tls/revocation.h"
#include "tls/server_context.h"
#include "tls/verify_error.h"
#include "tls/verify_words.h"

namespace postern::tls {
namespace {

// Ex-data of each context, which frees it.
struct Check {
  bool verify;
  std::vector<std::string> allowed;
  config::Path crl_file;  // this and the following members are only for messages
  ChainText text;
};

template <typename T>
void freeExtra(void*, void* extra, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<T*>(extra);
}

int checkIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, freeExtra<Check>);
  return index;
}

// Ex-data index of the SSL of a refused client, which frees it.
int refusalIndex() {
  static const int index =
      SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, freeExtra<std::string>);
  return index;
}

// Writes an IPv4-mapped IPv6 address as IPv4, like Go.
std::string addressText(const unsigned char* bytes, int size) {
  constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (size != 4 && size != 16) return {};
  const bool mapped = size == 16 && std::equal(kMapped.begin(), kMapped.end(), bytes);
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(size == 4 || mapped ? AF_INET : AF_INET6, mapped ? bytes + kMapped.size() : bytes,
              text.data(), text.size());
  return text.data();
}

// Returns an X509_V_* code.
int judge(X509_STORE_CTX* store, const Check& check) {
  if (!check.verify) return X509_V_OK;
  if (const int error = verifyAnyChain(store); error != X509_V_OK) return error;
  if (check.allowed.empty()) return X509_V_OK;
  const auto names = allNamesOf(*X509_STORE_CTX_get0_cert(store));
  const bool allowed = std::find_first_of(names.begin(), names.end(), check.allowed.begin(),
                                          check.allowed.end()) != names.end();
  return allowed ? X509_V_OK : X509_V_ERR_CERT_REJECTED;  // alert bad_certificate, like Go
}

std::string describe(int error, X509_STORE_CTX* store, const Check& check) {
  const X509* const leaf = X509_STORE_CTX_get0_cert(store);
  const std::string whose = fmt::format("client certificate '{}': ", subjectOf(*leaf));
  if (error == X509_V_ERR_CERT_REJECTED) {
    return fmt::format("{}none of its names is in client_allowed_sans (it is for {})", whose,
                       namesOf(*leaf));
  }
  if (const auto revocation = describeRevocation(error, store, check.crl_file, "the client");
      !revocation.empty()) {
    return whose + revocation;
  }
  if (const auto chain = describeChain(error, store, check.text); !chain.empty()) {
    return whose + chain;
  }
  return fmt::format("{}{} (issued by '{}')", whose, verifyWords(error), issuerOf(*leaf));
}

int verifyClient(X509_STORE_CTX* store, void* argument) {
  const auto& check = *static_cast<const Check*>(argument);
  const int error = judge(store, check);
  X509_STORE_CTX_set_error(store, error);
  if (error == X509_V_OK) return 1;
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto refusal = std::make_unique<std::string>(describe(error, store, check));
  if (SSL_get_ex_data(ssl, refusalIndex()) == nullptr &&
      SSL_set_ex_data(ssl, refusalIndex(), refusal.get()) == 1) {
    static_cast<void>(refusal.release());
  }
  // Another key of a trusted name has signed it. This sends the alert unknown_ca, where OpenSSL
  // would send decrypt_error.
  if (error == X509_V_ERR_CERT_SIGNATURE_FAILURE) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  }
  return 0;
}

ChainText textOf(const config::TlsServer& config) {
  if (!config.client_ca_file.empty()) {
    const std::string file = config.client_ca_file.string();
    return {file, "put it into " + file, "client"};
  }
  if (!config.client_ca.empty()) return {"client_ca", "put it into client_ca", "client"};
  return {"the system's roots (no client_ca_file is set)",
          "put it into a file and set client_ca_file", "client"};
}

int modeOf(config::ClientAuth auth) {
  switch (auth) {
    case config::ClientAuth::None: return SSL_VERIFY_NONE;
    case config::ClientAuth::Request:
    case config::ClientAuth::VerifyIfGiven: return SSL_VERIFY_PEER;
    case config::ClientAuth::RequireAny:
    case config::ClientAuth::RequireAndVerify: break;
  }
  return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

}  // namespace

bool checkClients(const config::TlsServer& config, SSL_CTX* context) {
  auto check =
      std::make_unique<Check>(Check{config::verifies(config.client_auth),
                                    config.client_allowed_sans, config.crl_file, textOf(config)});
  searchChains(SSL_CTX_get_cert_store(context));
  if (SSL_CTX_set_ex_data(context, checkIndex(), check.get()) != 1) return false;
  SSL_CTX_set_cert_verify_callback(context, verifyClient, check.release());
  SSL_CTX_set_verify(context, modeOf(config.client_auth), nullptr);
  return true;
}

std::vector<std::string> allNamesOf(const X509& certificate) {
  const std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> texts;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI && type != GEN_IPADD) continue;
    const unsigned char* const bytes = ASN1_STRING_get0_data(value);
    const int size = ASN1_STRING_length(value);
    if (type == GEN_IPADD) {
      texts.push_back(addressText(bytes, size));
    } else {
      texts.emplace_back(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
  }
  return texts;
}

std::string refusedClient(SSL* ssl) {
  const auto* refusal = static_cast<const std::string*>(SSL_get_ex_data(ssl, refusalIndex()));
  return refusal == nullptr ? std::string() : *refusal;
}

}  // namespace postern::tls
