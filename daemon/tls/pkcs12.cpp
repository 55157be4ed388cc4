#include "tls/pkcs12.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace postern::tls {
namespace {

using Pkcs12Ptr = std::unique_ptr<PKCS12, Release<PKCS12_free>>;

Error unreadable(std::string_view der, const config::Path& file) {
  const std::string name = file.string();
  if (der.find_first_not_of(" \t\r\n") == der.npos) {
    return tlsError(name + ": is empty: write the PKCS #12 bundle into it");
  }
  if (der.find("-----BEGIN ") != der.npos) {
    return tlsError(name + ": is PEM, not PKCS #12: name it in cert_file and key_file");
  }
  return tlsError(name + ": is no PKCS #12 bundle, or a damaged one: write the file anew");
}

// Reads the thread's OpenSSL errors.
Error notOpened(const PKCS12& bundle, const config::Path& file, bool with_password,
                const config::Path& password_file) {
  const std::string name = file.string();
  const bool outdated = ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_UNSUPPORTED;
  ERR_clear_error();
  if (outdated) {
    return tlsError(name +
                    ": is encrypted in an old way (RC2) that OpenSSL no longer knows: export it "
                    "anew with `openssl pkcs12 -legacy -in " +
                    name +
                    " -nodes -out all.pem` and `openssl pkcs12 -export -in all.pem -out new.p12`, "
                    "then remove all.pem");
  }
  if (PKCS12_mac_present(&bundle) != 1) {
    return tlsError(name +
                    ": has no MAC, so nothing tells whether it is whole: export it anew without "
                    "-nomac");
  }
  if (!with_password) {
    return tlsError(name + ": needs a password: name the file that holds it in key_password_file");
  }
  return tlsError(name + ": the password in " + password_file.string() +
                  " does not open it: correct it, or mount the bundle that it belongs to");
}

struct Parts {
  KeyPtr key;
  X509Ptr leaf;
  Chain others;
};

// None when the password is wrong, or what is in the bundle cannot be read.
std::optional<Parts> open(PKCS12* bundle, const std::optional<Secret>& password) {
  // OpenSSL wants a terminating zero, which a view does not promise.
  Secret terminated = password.value_or(Secret());
  terminated.append(std::string_view("\0", 1));
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509)* others = nullptr;
  ERR_clear_error();
  const int opened = PKCS12_parse(bundle, terminated.reveal().data(), &key, &leaf, &others);
  Parts parts{KeyPtr(key), X509Ptr(leaf), {}};
  while (others != nullptr && sk_X509_num(others) > 0)
    parts.others.emplace_back(sk_X509_pop(others));
  sk_X509_free(others);
  if (opened != 1) return std::nullopt;
  return parts;
}

bool isRoot(X509* certificate) {
  return X509_check_issued(certificate, certificate) == X509_V_OK;
}

Chain sorted(X509Ptr leaf, Chain others) {
  Chain chain;
  chain.push_back(std::move(leaf));
  while (true) {
    const auto issuer = std::ranges::find_if(others, [&](const X509Ptr& other) {
      return X509_check_issued(other.get(), chain.back().get()) == X509_V_OK;
    });
    if (issuer == others.end() || isRoot(issuer->get())) return chain;
    chain.push_back(std::move(*issuer));
    others.erase(issuer);
  }
}

}  // namespace

Result<Bundle> parsePkcs12(std::string_view der, const config::Path& file,
                           const std::optional<Secret>& password,
                           const config::Path& password_file) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const Pkcs12Ptr bundle(d2i_PKCS12(nullptr, &bytes, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!bundle) return unreadable(der, file);
  auto parts = open(bundle.get(), password);
  if (!parts) return notOpened(*bundle, file, password.has_value(), password_file);
  if (!parts->key) {
    return tlsError(file.string() +
                    ": holds no private key: export it with the key of the client certificate");
  }
  if (!parts->leaf) {
    return tlsError(file.string() +
                    ": holds no certificate for its key: export it with the client certificate");
  }
  return Bundle{std::move(parts->key), sorted(std::move(parts->leaf), std::move(parts->others))};
}

}  // namespace postern::tls
