#include "tls/refusal.h"

#include <openssl/x509_vfy.h>

#include "tls/certificate.h"
#include "tls/revocation.h"

namespace postern::tls {
namespace {

std::string quoted(const std::string& text) {
  return '\'' + text + '\'';
}

// The certificate that the failed check was about: the leaf, or one above it.
const X509& blamed(X509_STORE_CTX* store) {
  const X509* const current = X509_STORE_CTX_get_current_cert(store);
  const X509* const leaf = X509_STORE_CTX_get0_cert(store);
  return current != nullptr ? *current : *leaf;
}

std::string blamedText(X509_STORE_CTX* store) {
  const X509& certificate = blamed(store);
  const bool leaf = &certificate == X509_STORE_CTX_get0_cert(store);
  return (leaf ? "certificate " : "certificate of the chain ") + quoted(subjectOf(certificate));
}

std::string expired(X509_STORE_CTX* store) {
  return blamedText(store) + " expired at " + timeText(validityOf(blamed(store)).not_after) +
         ": renew it at the server";
}

std::string notYetValid(X509_STORE_CTX* store) {
  return blamedText(store) + " is not yet valid, it begins at " +
         timeText(validityOf(blamed(store)).not_before) +
         ": wait until then, or set the clock of this machine right";
}

// As X.509-SVIDs have: a URI, and no name that server_name could hold.
bool hasSpiffeId(const X509& certificate) {
  const auto uris = urisOf(certificate);
  return uris.size() == 1 && uris.front().starts_with("spiffe://");
}

std::string wrongName(X509_STORE_CTX* store, const Policy& policy, const std::string& name) {
  const X509& leaf = *X509_STORE_CTX_get0_cert(store);
  if (!policy.spiffe_id.empty()) {
    return "certificate is for " + namesOf(leaf) + ", not " + policy.spiffe_id +
           " alone: correct spiffe_id, or the registration entry of the server";
  }
  if (hasSpiffeId(leaf)) {
    return "certificate is for " + namesOf(leaf) + ", not " + name +
           ": set spiffe_id, or let the server's registration entry give it that DNS name";
  }
  if (!hasAlternativeNames(leaf)) {
    return "certificate " + quoted(subjectOf(leaf)) + " has no subjectAltName, expected " + name +
           " in it: names count from there only (RFC 9525), issue the certificate again with it";
  }
  return "certificate is for " + namesOf(leaf) + ", not " + name +
         (policy.server_name.empty() ? ": set server_name" : ": correct server_name");
}

std::string trustPlace(const Policy& policy) {
  if (!policy.ca_file.empty()) {
    return policy.ca_file.string() + (policy.system_roots ? " or the system's roots" : "");
  }
  if (!policy.absent_ca_file.empty()) {
    return "the system's roots (there is no " + policy.absent_ca_file.string() + ")";
  }
  return "the system's roots (no ca_file is set)";
}

std::string trustRemedy(const Policy& policy) {
  if (!policy.ca_file.empty()) return "put it into " + policy.ca_file.string();
  if (!policy.absent_ca_file.empty()) return "put it into " + policy.absent_ca_file.string();
  return "put it into a file and set ca_file";
}

std::string selfSigned(X509_STORE_CTX* store, const Policy& policy) {
  const X509& leaf = *X509_STORE_CTX_get0_cert(store);
  return "certificate " + quoted(subjectOf(leaf)) + " is self-signed and not in " +
         trustPlace(policy) + ": " + trustRemedy(policy) + ", or set pin_sha256 to " +
         base64(pinOf(leaf)) + " after comparing that with the server's key";
}

// A CA that was made anew keeps its name and has another key.
bool nameIsTrusted(X509_STORE_CTX* store, const X509_NAME* name) {
  std::unique_ptr<X509_OBJECT, Release<X509_OBJECT_free>> found(
      X509_STORE_CTX_get_obj_by_subject(store, X509_LU_X509, name));
  return found != nullptr;
}

std::string unknownAuthority(int error, X509_STORE_CTX* store, const Policy& policy) {
  const X509& last = blamed(store);
  const bool leaf_alone = &last == X509_STORE_CTX_get0_cert(store);
  const std::string issuer = quoted(issuerOf(last));
  if (nameIsTrusted(store, X509_get_issuer_name(&last))) {
    return "unknown CA: certificate is signed by " + issuer + " with another key than that of " +
           "the CA of this name in " + trustPlace(policy) +
           ": the CA was made anew, replace the old one by the new one";
  }
  if (leaf_alone && error != X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
    return "missing intermediate or unknown CA: certificate is signed by " + issuer +
           ", which the server does not send and which is not in " + trustPlace(policy) +
           ": if that is an intermediate, let the server send its whole chain; if it is the CA, " +
           trustRemedy(policy);
  }
  return "unknown CA: certificate is signed by " + issuer + ", which is not in " +
         trustPlace(policy) + ": " + trustRemedy(policy);
}

std::string wrongPin(X509_STORE_CTX* store) {
  return "pin mismatch: the server's public key has the pin " +
         base64(pinOf(*X509_STORE_CTX_get0_cert(store))) +
         ", which is not pin_sha256: if the server's key was changed on purpose, set pin_sha256 "
         "to that";
}

}  // namespace

std::string describeRefusal(int error, X509_STORE_CTX* store, const Policy& policy,
                            const std::string& name) {
  switch (error) {
    case X509_V_ERR_APPLICATION_VERIFICATION: return wrongPin(store);
    case X509_V_ERR_CERT_HAS_EXPIRED: return expired(store);
    case X509_V_ERR_CERT_NOT_YET_VALID: return notYetValid(store);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return wrongName(store, policy, name);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return selfSigned(store, policy);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return unknownAuthority(error, store, policy);
    case X509_V_ERR_INVALID_PURPOSE:
      return blamedText(store) +
             " is not meant for servers: let its extended key usage allow serverAuth";
    default:
      if (const auto revocation = describeRevocation(error, store, policy.crl_file, "the server");
          !revocation.empty()) {
        return "certificate " + quoted(subjectOf(*X509_STORE_CTX_get0_cert(store))) + " " +
               revocation;
      }
      return blamedText(store) + " is refused: " + X509_verify_cert_error_string(error) +
             ": issue it anew";
  }
}

}  // namespace postern::tls
