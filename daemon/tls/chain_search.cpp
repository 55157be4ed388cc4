#include "tls/chain_search.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "tls/certificate.h"
#include "tls/openssl.h"

namespace postern::tls {
namespace {

constexpr std::size_t kMostCandidates = 100;  // Go's limit of signature checks
constexpr std::size_t kMostPaths = 10;
constexpr std::size_t kLongestPath = 10;  // certificates

using ContextPtr = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;
using StackPtr =
    std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_free(stack); })>;

struct CertificatePath {
  std::vector<X509*> certificates;  // the peer's first; borrowed from the search
  X509* anchor = nullptr;           // the trusted copy of the last one, or null
  std::size_t out_of_date = 0;      // number of expired or not yet valid certificates

  void push(X509* certificate, bool in_date) {
    certificates.push_back(certificate);
    out_of_date += in_date ? 0 : 1;
  }
};

struct IssuerCandidate {
  X509* certificate;
  bool trusted;
  bool in_date;
};

class ChainSearch {
 public:
  explicit ChainSearch(X509_STORE_CTX* context)
      : context_(context),
        partial_((X509_VERIFY_PARAM_get_flags(X509_STORE_CTX_get0_param(context)) &
                  X509_V_FLAG_PARTIAL_CHAIN) != 0) {
    X509* const leaf = X509_STORE_CTX_get0_cert(context);
    CertificatePath path;
    path.push(leaf, isInDate(*leaf));
    path.anchor = trustedCopyOf(*leaf);
    if (path.anchor != nullptr) {
      complete_.push_back(std::move(path));
      return;
    }
    extend(path);
    std::ranges::stable_sort(complete_, {}, &CertificatePath::out_of_date);
  }

  // The paths that end at a trusted certificate, the most promising first.
  const std::vector<CertificatePath>& complete() const { return complete_; }
  const CertificatePath& longest() const { return longest_; }

 private:
  bool isInDate(const X509& certificate) const {
    return X509_cmp_timeframe(X509_STORE_CTX_get0_param(context_),
                              X509_get0_notBefore(&certificate),
                              X509_get0_notAfter(&certificate)) == 0;
  }

  // With X509_V_FLAG_PARTIAL_CHAIN each trusted certificate ends a path, else only roots.
  bool endsPath(X509* trusted) const { return partial_ || X509_self_signed(trusted, 0) == 1; }

  std::vector<X509*> trustedOf(const X509_NAME* name) {
    std::vector<X509*> found;
    const StackPtr stack(X509_STORE_CTX_get1_certs(context_, name));
    while (stack && sk_X509_num(stack.get()) > 0) {
      owned_.emplace_back(sk_X509_shift(stack.get()));
      found.push_back(owned_.back().get());
    }
    return found;
  }

  X509* trustedCopyOf(const X509& leaf) {
    for (X509* const trusted : trustedOf(X509_get_subject_name(&leaf))) {
      if (X509_cmp(trusted, &leaf) == 0 && endsPath(trusted)) return trusted;
    }
    return nullptr;
  }

  // Issuers by name: trusted ones first, then by their dates. No duplicates, and none from `path`.
  std::vector<IssuerCandidate> candidatesFor(const CertificatePath& path) {
    const X509_NAME* const name = X509_get_issuer_name(path.certificates.back());
    std::vector<IssuerCandidate> candidates;
    const auto add = [&](X509* certificate, bool trusted) {
      const auto same = [&](const IssuerCandidate& other) {
        return X509_cmp(other.certificate, certificate) == 0;
      };
      const auto in_path = [&](const X509* other) {
        return X509_NAME_cmp(X509_get_subject_name(other), name) == 0 &&
               hasSameKey(*other, *certificate);
      };
      if (std::ranges::any_of(candidates, same) || std::ranges::any_of(path.certificates, in_path))
        return;
      candidates.push_back({certificate, trusted, isInDate(*certificate)});
    };
    for (X509* const trusted : trustedOf(name)) add(trusted, true);
    const auto* const sent = X509_STORE_CTX_get0_untrusted(context_);
    for (int i = 0; i < sk_X509_num(sent); ++i) {
      X509* const certificate = sk_X509_value(sent, i);
      if (X509_NAME_cmp(X509_get_subject_name(certificate), name) == 0) add(certificate, false);
    }
    std::ranges::stable_sort(candidates, [](const IssuerCandidate& a, const IssuerCandidate& b) {
      if (a.trusted != b.trusted) return a.trusted;
      if (a.in_date != b.in_date) return a.in_date;
      // The newest first, because the store does not keep the order of its file.
      return ASN1_TIME_compare(X509_get0_notAfter(a.certificate),
                               X509_get0_notAfter(b.certificate)) > 0;
    });
    return candidates;
  }

  // Searches depth first.
  void extend(const CertificatePath& path) {
    if (path.certificates.size() > longest_.certificates.size()) longest_ = path;
    X509* const last = path.certificates.back();
    if (path.certificates.size() == kLongestPath || X509_self_signed(last, 1) == 1) return;
    const auto candidates = candidatesFor(path);
    for (const auto& [certificate, trusted, in_date] : candidates) {
      if (tried_ == kMostCandidates) return;
      ++tried_;
      // With a single candidate OpenSSL's own verification of the path decides, and gives the
      // reason.
      if (candidates.size() > 1 && !hasIssued(*certificate, *last)) continue;
      CertificatePath longer = path;
      longer.push(certificate, in_date);
      if (trusted && endsPath(certificate)) {
        longer.anchor = certificate;
        complete_.push_back(std::move(longer));
      } else {
        extend(longer);
      }
    }
  }

  X509_STORE_CTX* context_;
  const bool partial_;
  std::size_t tried_ = 0;
  std::vector<X509Ptr> owned_;
  std::vector<CertificatePath> complete_;
  CertificatePath longest_;
};

// Ex-data index of an X509_STORE_CTX: the path that its verification follows.
int pathIndex() {
  static const int index = X509_STORE_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// OpenSSL calls this for each pair of certificates while it builds a chain.
int isNextInPath(X509_STORE_CTX* context, X509* subject, X509* issuer) {
  const auto* path =
      static_cast<const CertificatePath*>(X509_STORE_CTX_get_ex_data(context, pathIndex()));
  if (path == nullptr || X509_cmp(subject, issuer) == 0) {
    return X509_check_issued(issuer, subject) == X509_V_OK ? 1 : 0;
  }
  const auto& certificates = path->certificates;
  const auto at = std::ranges::find(certificates, subject);
  return at != certificates.end() && at + 1 != certificates.end() && *(at + 1) == issuer ? 1 : 0;
}

// The CRLs of `name`. Of several, those that the issuer in the chain has signed, if any.
STACK_OF(X509_CRL) * crlsOfIssuer(const X509_STORE_CTX* context, const X509_NAME* name) {
  STACK_OF(X509_CRL)* const all = X509_STORE_CTX_get1_crls(context, name);
  const auto* const chain = X509_STORE_CTX_get0_chain(context);
  if (all == nullptr || sk_X509_CRL_num(all) < 2 || sk_X509_num(chain) < 1) return all;
  EVP_PKEY* const key = X509_get0_pubkey(sk_X509_value(chain, std::min(1, sk_X509_num(chain) - 1)));
  STACK_OF(X509_CRL)* const signed_by_key = sk_X509_CRL_new_null();
  if (key == nullptr || signed_by_key == nullptr) {
    sk_X509_CRL_free(signed_by_key);
    return all;
  }
  ERR_set_mark();
  for (int i = 0; i < sk_X509_CRL_num(all); ++i) {
    X509_CRL* const crl = sk_X509_CRL_value(all, i);
    if (X509_CRL_verify(crl, key) == 1 && X509_CRL_up_ref(crl) == 1) {
      sk_X509_CRL_push(signed_by_key, crl);
    }
  }
  ERR_pop_to_mark();
  const bool none = sk_X509_CRL_num(signed_by_key) == 0;
  sk_X509_CRL_pop_free(none ? signed_by_key : all, X509_CRL_free);
  return none ? all : signed_by_key;
}

// Returns an X509_V_* code. `context` keeps no pointer into `path`.
int follow(const CertificatePath& path, X509_STORE_CTX* context) {
  const StackPtr trusted(sk_X509_new_null());
  const StackPtr untrusted(sk_X509_new_null());
  if (!trusted || !untrusted) return X509_V_ERR_OUT_OF_MEM;
  const auto& certificates = path.certificates;
  const std::size_t end = certificates.size() - (path.anchor != nullptr ? 1 : 0);
  for (std::size_t i = 1; i < end; ++i) sk_X509_push(untrusted.get(), certificates[i]);
  if (path.anchor != nullptr) sk_X509_push(trusted.get(), path.anchor);

  STACK_OF(X509)* const sent = X509_STORE_CTX_get0_untrusted(context);
  X509_STORE_CTX_set0_trusted_stack(context, trusted.get());
  X509_STORE_CTX_set0_untrusted(context, untrusted.get());
  X509_STORE_CTX_set_ex_data(context, pathIndex(), const_cast<CertificatePath*>(&path));
  const bool verified = X509_verify_cert(context) == 1;
  X509_STORE_CTX_set_ex_data(context, pathIndex(), nullptr);
  X509_STORE_CTX_set0_untrusted(context, sent);
  X509_STORE_CTX_set0_trusted_stack(context, nullptr);
  if (verified) return X509_V_OK;
  const int error = X509_STORE_CTX_get_error(context);
  return error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
}

// Whether OpenSSL accepts `path`, with the store, the parameters and the leaf of `context`. A
// context can verify only once.
bool isAccepted(const CertificatePath& path, X509_STORE_CTX* context) {
  const ContextPtr trial(X509_STORE_CTX_new());
  return trial &&
         X509_STORE_CTX_init(trial.get(), X509_STORE_CTX_get0_store(context),
                             X509_STORE_CTX_get0_cert(context), nullptr) == 1 &&
         X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(trial.get()),
                                X509_STORE_CTX_get0_param(context)) == 1 &&
         follow(path, trial.get()) == X509_V_OK;
}

const CertificatePath& choosePath(const ChainSearch& search, X509_STORE_CTX* context) {
  const auto& paths = search.complete();
  if (paths.empty()) return search.longest();
  for (std::size_t i = 0; paths.size() > 1 && i < std::min(paths.size(), kMostPaths); ++i) {
    if (isAccepted(paths[i], context)) return paths[i];
  }
  return paths.front();
}

}  // namespace

void searchChains(X509_STORE* store) {
  X509_STORE_set_check_issued(store, isNextInPath);
  X509_STORE_set_lookup_crls(store, crlsOfIssuer);
}

int verifyAnyChain(X509_STORE_CTX* context) {
  ERR_set_mark();
  const ChainSearch search(context);
  const CertificatePath& path = choosePath(search, context);
  ERR_pop_to_mark();
  return follow(path, context);
}

}  // namespace postern::tls
