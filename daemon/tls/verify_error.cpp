#include "tls/verify_error.h"

#include <fmt/core.h>
#include <openssl/x509_vfy.h>

#include "base/date.h"
#include "base/encoding.h"
#include "tls/certificate.h"
#include "tls/revocation.h"
#include "tls/verify_words.h"

namespace postern::tls {
namespace {

std::string quoted(const std::string& text) {
  return fmt::format("'{}'", text);
}

// The certificate that failed the check: the leaf, or one above it.
X509& blamed(X509_STORE_CTX* store) {
  X509* const current = X509_STORE_CTX_get_current_cert(store);
  X509* const leaf = X509_STORE_CTX_get0_cert(store);
  return current != nullptr ? *current : *leaf;
}

bool isLeaf(const X509& certificate, X509_STORE_CTX* store) {
  return &certificate == X509_STORE_CTX_get0_cert(store);
}

std::string blamedText(X509_STORE_CTX* store) {
  const X509& certificate = blamed(store);
  return (isLeaf(certificate, store) ? "certificate " : "certificate of the chain ") +
         quoted(subjectOf(certificate));
}

// Whether the blamed certificate is a trusted one, not one that the peer sent.
bool isTrusted(X509_STORE_CTX* store) {
  return X509_STORE_CTX_get_error_depth(store) >= X509_STORE_CTX_get_num_untrusted(store);
}

std::string originText(X509_STORE_CTX* store, const ChainText& text) {
  if (isLeaf(blamed(store), store)) return {};
  return isTrusted(store) ? fmt::format(", which is in {},", text.place)
                          : fmt::format(", which the {} sends,", text.peer);
}

std::string expired(X509_STORE_CTX* store, const ChainText& text) {
  const std::string what =
      fmt::format("{}{} expired at {}: renew it ", blamedText(store), originText(store, text),
                  rfc3339(validityOf(blamed(store)).not_after));
  const bool ours = isTrusted(store) && !isLeaf(blamed(store), store);
  return what + (ours ? "and " + text.remedy : "at the " + text.peer);
}

std::string notYetValid(X509_STORE_CTX* store, const ChainText& text) {
  return fmt::format(
      "{}{} is not yet valid, it begins at {}: wait until then, or correct the clock of this "
      "machine",
      blamedText(store), originText(store, text), rfc3339(validityOf(blamed(store)).not_before));
}

// Whether it is like an X.509-SVID: one URI, and no name that server_name could have.
bool hasSpiffeId(const X509& certificate) {
  const auto uris = urisOf(certificate);
  return uris.size() == 1 && uris.front().starts_with("spiffe://");
}

std::string wrongName(X509_STORE_CTX* store, const VerifyPolicy& policy, const std::string& name) {
  const X509& leaf = *X509_STORE_CTX_get0_cert(store);
  if (!policy.spiffe_id.empty()) {
    return fmt::format(
        "certificate is for {}, expected only {}: correct spiffe_id, or the registration entry of "
        "the "
        "server",
        namesOf(leaf), policy.spiffe_id);
  }
  if (hasSpiffeId(leaf)) {
    return fmt::format(
        "certificate is for {}, not {}: set spiffe_id, or let the server's registration entry give "
        "it that DNS name",
        namesOf(leaf), name);
  }
  if (!hasAlternativeNames(leaf)) {
    return fmt::format(
        "certificate {} has no subjectAltName, expected {} in it: only these names are verified "
        "(RFC 9525), issue the certificate again with it",
        quoted(subjectOf(leaf)), name);
  }
  return fmt::format("certificate is for {}, not {}{}", namesOf(leaf), name,
                     policy.server_name.empty() ? ": set server_name" : ": correct server_name");
}

std::string trustPlace(const VerifyPolicy& policy) {
  if (!policy.ca_file.empty()) {
    return policy.ca_file.string() + (policy.system_roots ? " or the system's roots" : "");
  }
  if (!policy.absent_ca_file.empty()) {
    return fmt::format("the system's roots ({} does not exist)", policy.absent_ca_file.string());
  }
  return "the system's roots (no ca_file is set)";
}

std::string trustRemedy(const VerifyPolicy& policy) {
  if (!policy.ca_file.empty()) return "put it into " + policy.ca_file.string();
  if (!policy.absent_ca_file.empty()) return "put it into " + policy.absent_ca_file.string();
  return "put it into a file and set ca_file";
}

using CertificatesPtr = std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * certificates) {
                                          sk_X509_pop_free(certificates, X509_free);
                                        })>;

// "valid until T" for each trusted certificate of this name. A CA with a new key keeps its name.
std::string trustedOfName(X509_STORE_CTX* store, const X509_NAME* name) {
  constexpr int kShown = 3;
  const CertificatesPtr found(X509_STORE_CTX_get1_certs(store, name));
  std::string text;
  for (int i = 0; found && i < sk_X509_num(found.get()) && i < kShown; ++i) {
    text += (i == 0 ? "valid until " : " and ") +
            rfc3339(validityOf(*sk_X509_value(found.get(), i)).not_after);
  }
  return text;
}

// An intermediate from the peer with the name of `subject`'s issuer, whose key has not signed it.
// Null if the peer sent none, or also the right one.
const X509* wrongIssuerSent(X509_STORE_CTX* store, X509& subject) {
  const auto* const sent = X509_STORE_CTX_get0_untrusted(store);
  const X509* wrong = nullptr;
  bool right = false;
  for (int i = 0; i < sk_X509_num(sent) && !right; ++i) {
    X509* const issuer = sk_X509_value(sent, i);
    if (X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(&subject)) != 0) continue;
    right = hasIssued(*issuer, subject);
    if (X509_self_signed(issuer, 0) != 1) wrong = issuer;
  }
  return right ? nullptr : wrong;
}

// A new certificate of a CA under its old key has the name of its issuer. Without an
// authorityKeyIdentifier OpenSSL treats it as a root.
bool seemsSelfSigned(X509& certificate) {
  return X509_self_signed(&certificate, 0) == 1 && !hasIssued(certificate, certificate);
}

std::string unknownAuthority(int error, X509_STORE_CTX* store, const ChainText& text) {
  X509& last = blamed(store);
  const std::string issuer = quoted(issuerOf(last));
  if (seemsSelfSigned(last)) {
    return fmt::format(
        "{} has the name of its issuer, but another key, and no authorityKeyIdentifier that tells "
        "the two apart: issue it again with one, or {}",
        blamedText(store), text.remedy);
  }
  const bool short_text = isLeaf(last, store) || X509_self_signed(&last, 0) == 1;
  const std::string which = short_text ? "certificate" : blamedText(store);
  if (const X509* const sent = wrongIssuerSent(store, last)) {
    return fmt::format(
        "wrong intermediate: {} is signed by {}, but the {} sends a certificate of this name with "
        "another key (valid until {}): let the {} send the one that signed it",
        which, issuer, text.peer, rfc3339(validityOf(*sent).not_after), text.peer);
  }
  if (const auto trusted = trustedOfName(store, X509_get_issuer_name(&last)); !trusted.empty()) {
    return fmt::format(
        "unknown CA: {} is signed by {} with another key than that of the CA of this name in {} "
        "({}): the CA has several keys, add its certificate with that key and keep what is there",
        which, issuer, text.place, trusted);
  }
  if (isLeaf(last, store) && error != X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
    return fmt::format(
        "missing intermediate or unknown CA: certificate is signed by {}, which the {} does not "
        "send and which is not in {}: if that is an intermediate, let the {} send its whole chain; "
        "if it is the CA, {}",
        issuer, text.peer, text.place, text.peer, text.remedy);
  }
  return fmt::format("unknown CA: {} is signed by {}, which is not in {}: {}", which, issuer,
                     text.place, text.remedy);
}

std::string wrongPin(X509_STORE_CTX* store) {
  return fmt::format(
      "pin mismatch: the server's public key has the pin {}, which is not pin_sha256: if the "
      "server's key was changed on purpose, set pin_sha256 to that",
      encodeBase64(pinOf(*X509_STORE_CTX_get0_cert(store))));
}

}  // namespace

std::string describeChain(int error, X509_STORE_CTX* store, const ChainText& text) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return expired(store, text);
    case X509_V_ERR_CERT_NOT_YET_VALID: return notYetValid(store, text);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return fmt::format("certificate {} is self-signed and not in {}: {}",
                         quoted(subjectOf(*X509_STORE_CTX_get0_cert(store))), text.place,
                         text.remedy);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return unknownAuthority(error, store, text);
    default: return {};
  }
}

std::string describeVerifyError(int error, X509_STORE_CTX* store, const VerifyPolicy& policy,
                                const std::string& name) {
  const ChainText text{trustPlace(policy), trustRemedy(policy), "server"};
  if (auto chain = describeChain(error, store, text); !chain.empty()) {
    if (error != X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) return chain;
    return fmt::format("{}, or set pin_sha256 to {} after comparing that with the server's key",
                       chain, encodeBase64(pinOf(*X509_STORE_CTX_get0_cert(store))));
  }
  switch (error) {
    case X509_V_ERR_APPLICATION_VERIFICATION: return wrongPin(store);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return wrongName(store, policy, name);
    case X509_V_ERR_INVALID_PURPOSE:
      return blamedText(store) +
             " is not meant for servers: let its extended key usage allow serverAuth";
    default:
      if (const auto revocation = describeRevocation(error, store, policy.crl_file, "the server");
          !revocation.empty()) {
        return fmt::format("certificate {} {}", quoted(subjectOf(*X509_STORE_CTX_get0_cert(store))),
                           revocation);
      }
      return fmt::format("{} is refused: {}: issue it again", blamedText(store),
                         verifyWords(error));
  }
}

}  // namespace postern::tls
