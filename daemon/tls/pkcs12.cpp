#include "tls/pkcs12.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/printable.h"
#include "tls/certificate.h"
#include "tls/file_shape.h"
#include "tls/own_chain.h"

namespace postern::tls {
namespace {

using Pkcs12Ptr = std::unique_ptr<PKCS12, Release<PKCS12_free>>;

Error unreadable(std::string_view der, const config::Path& file) {
  const std::string name = file.string();
  if (der.find_first_not_of(" \t\r\n") == der.npos) {
    return tlsError(name + ": is empty: write the PKCS #12 bundle into it");
  }
  if (der.find("-----BEGIN PKCS12-----") != der.npos) {
    return tlsError(
        fmt::format("{}: is a PKCS #12 bundle between BEGIN and END lines: decode it with `grep -v "
                    "-e ----- {} | base64 -d > new.p12`",
                    name, name));
  }
  if (der.find("-----BEGIN ") != der.npos) {
    return tlsError(name + ": is PEM, not PKCS #12: name it in cert_file and key_file");
  }
  if (const auto shape = shapeOf(der, ExpectedPem::Bundle, name)) {
    return tlsError(fmt::format(
        "{}: {}, expected a PKCS #12 bundle: {}", name, shape->is,
        shape->filters.empty()
            ? shape->remedy
            : "convert it with " + commandOf(shape->filters, name, ExpectedPem::Bundle)));
  }
  return tlsError(name + ": is not a PKCS #12 bundle, or is damaged: write the file again");
}

// RFC 9579. OpenSSL supports it since 3.4.
bool usesPbmac1(const PKCS12& bundle) {
  const X509_ALGOR* algorithm = nullptr;
  PKCS12_get0_mac(nullptr, &algorithm, nullptr, nullptr, &bundle);
  const ASN1_OBJECT* name = nullptr;
  if (algorithm != nullptr) X509_ALGOR_get0(&name, nullptr, nullptr, algorithm);
  return name != nullptr && OBJ_obj2nid(name) == NID_pbmac1;
}

// Reads the thread's OpenSSL errors.
Error notOpened(const PKCS12& bundle, const config::Path& file, bool with_password,
                const config::Path& password_file) {
  const std::string name = file.string();
  const bool outdated = ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_UNSUPPORTED;
  ERR_clear_error();
  if (outdated) {
    return tlsError(fmt::format(
        "{}: is encrypted with an old cipher (RC2) that OpenSSL no longer supports: export it "
        "again with `openssl pkcs12 -legacy -in {} -nodes -out all.pem` and `openssl "
        "pkcs12 -export -in all.pem -out new.p12`, then remove all.pem",
        name, name));
  }
  if (usesPbmac1(bundle)) {
    return tlsError(fmt::format(
        "{}: is protected by PBMAC1 (RFC 9579), which OpenSSL 3.0 does not support: export it "
        "without PBMAC1, with OpenSSL 3.4 or newer: `openssl pkcs12 -in {} -nodes -out all.pem` "
        "and `openssl pkcs12 -export -in all.pem -out new.p12`, then remove all.pem",
        name, name));
  }
  if (PKCS12_mac_present(&bundle) != 1) {
    return tlsError(name +
                    ": has no MAC, so its integrity cannot be checked: export it again without "
                    "-nomac");
  }
  if (!with_password) {
    return tlsError(name + ": needs a password: name the file that holds it in key_password_file");
  }
  return tlsError(fmt::format(
      "{}: the password in {} does not open it: correct it, or mount the bundle that it belongs to",
      name, password_file.string()));
}

struct Pkcs12Parts {
  KeyPtr key;
  X509Ptr leaf;
  Chain others;
};

// Not set when the password is wrong or the content of the bundle cannot be read.
std::optional<Pkcs12Parts> open(PKCS12* bundle, const std::optional<Secret>& password) {
  // OpenSSL needs a terminating zero, which a view does not guarantee.
  Secret terminated = password.value_or(Secret());
  terminated.append(std::string_view("\0", 1));
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509)* others = nullptr;
  ERR_clear_error();
  const int opened = PKCS12_parse(bundle, terminated.reveal().data(), &key, &leaf, &others);
  Pkcs12Parts parts{KeyPtr(key), X509Ptr(leaf), {}};
  while (others != nullptr && sk_X509_num(others) > 0)
    parts.others.emplace_back(sk_X509_pop(others));
  sk_X509_free(others);
  if (opened != 1) return std::nullopt;
  return parts;
}

using BagsPtr =
    std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), decltype([](STACK_OF(PKCS12_SAFEBAG) * bags) {
                      sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
                    })>;
using SafesPtr = std::unique_ptr<STACK_OF(PKCS7), decltype([](STACK_OF(PKCS7) * safes) {
                                   sk_PKCS7_pop_free(safes, PKCS7_free);
                                 })>;

// The name of a key in a bundle.
struct KeyName {
  std::string friendly;  // printable; may be empty
  std::string id;        // matches the key to its certificate
};

std::string friendlyNameOf(PKCS12_SAFEBAG* bag) {
  char* const name = PKCS12_get_friendlyname(bag);
  std::string text = name == nullptr ? std::string() : printable(name);
  OPENSSL_free(name);
  return text;
}

std::string localIdOf(const PKCS12_SAFEBAG* bag) {
  const ASN1_TYPE* const id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);
  if (id == nullptr || id->type != V_ASN1_OCTET_STRING) return {};
  const ASN1_STRING* const bytes = id->value.octet_string;
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(bytes)),
          static_cast<std::size_t>(ASN1_STRING_length(bytes))};
}

// The content of a bundle's bags, in their order.
struct Contents {
  std::vector<KeyName> keys;
  std::vector<std::pair<std::string, std::string>> certificates;  // local id, subject
};

void look(const STACK_OF(PKCS12_SAFEBAG) * bags, Contents& contents) {
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
    PKCS12_SAFEBAG* const bag = sk_PKCS12_SAFEBAG_value(bags, i);
    const int kind = PKCS12_SAFEBAG_get_nid(bag);
    if (kind == NID_keyBag || kind == NID_pkcs8ShroudedKeyBag) {
      contents.keys.push_back({friendlyNameOf(bag), localIdOf(bag)});
    } else if (kind == NID_certBag) {
      const X509Ptr certificate(PKCS12_SAFEBAG_get1_cert(bag));
      if (certificate) contents.certificates.emplace_back(localIdOf(bag), subjectOf(*certificate));
    } else if (kind == NID_safeContentsBag) {
      look(PKCS12_SAFEBAG_get0_safes(bag), contents);
    }
  }
}

// Requires a bundle that was opened with `password`.
Contents contentsOf(PKCS12* bundle, const std::optional<Secret>& password) {
  Secret terminated = password.value_or(Secret());
  const auto length = static_cast<int>(terminated.size());
  terminated.append(std::string_view("\0", 1));
  const char* text = terminated.reveal().data();
  if (length == 0 && PKCS12_verify_mac(bundle, nullptr, 0) == 1) text = nullptr;
  Contents contents;
  const SafesPtr safes(PKCS12_unpack_authsafes(bundle));
  for (int i = 0; safes && i < sk_PKCS7_num(safes.get()); ++i) {
    PKCS7* const safe = sk_PKCS7_value(safes.get(), i);
    const BagsPtr bags(PKCS7_type_is_data(safe) ? PKCS12_unpack_p7data(safe)
                                                : PKCS12_unpack_p7encdata(safe, text, length));
    if (bags) look(bags.get(), contents);
  }
  ERR_clear_error();
  return contents;
}

std::string describe(const KeyName& key, const Contents& contents) {
  const auto certificate = std::ranges::find_if(contents.certificates, [&](const auto& one) {
    return !key.id.empty() && one.first == key.id;
  });
  const bool has_certificate = certificate != contents.certificates.end();
  const std::string subject =
      has_certificate ? fmt::format("certificate '{}'", certificate->second) : "no certificate";
  return key.friendly.empty() ? fmt::format("one without a name ({})", subject)
                              : fmt::format("'{}' ({})", key.friendly, subject);
}

// OpenSSL takes the first key.
void warnOfKeys(const Contents& contents, const config::Path& file, const std::string& used,
                std::vector<std::string>& warnings) {
  if (contents.keys.size() < 2) return;
  std::string text =
      fmt::format("{}: holds {} private keys, expected one: ", file.string(), contents.keys.size());
  for (const auto& key : contents.keys) {
    text += (&key == &contents.keys.front() ? "" : ", ") + describe(key, contents);
  }
  warnings.push_back(
      fmt::format("{}; the first is used, with certificate '{}': export a bundle that holds the "
                  "one that is meant",
                  text, used));
}

}  // namespace

Result<Bundle> parsePkcs12(std::string_view der, const config::Path& file,
                           const std::optional<Secret>& password, const config::Path& password_file,
                           SystemTime now) {
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
  Chain certificates = std::move(parts->others);
  certificates.insert(certificates.begin(), std::move(parts->leaf));
  // A bundle has no order and may contain anything that a keystore had, so its warnings do not
  // apply.
  TRY(auto own, ownChain(std::move(certificates), *parts->key, {file, file, "client"}, now));
  Bundle opened{std::move(parts->key), std::move(own.certificates)};
  warnOfKeys(contentsOf(bundle.get(), password), file, subjectOf(*opened.chain.front()),
             opened.warnings);
  return opened;
}

}  // namespace postern::tls
