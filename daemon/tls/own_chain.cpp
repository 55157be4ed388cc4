#include "tls/own_chain.h"

#include <fmt/core.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/date.h"
#include "tls/certificate.h"

namespace postern::tls {
namespace {

bool isInDate(const X509& certificate, SystemTime now) {
  const Validity validity = validityOf(certificate);
  return validity.not_before <= now && now <= validity.not_after;
}

bool isSelfSigned(X509& certificate) {
  return hasIssued(certificate, certificate);
}

bool isOfKey(X509& certificate, EVP_PKEY& key) {
  ERR_set_mark();
  const bool matches = X509_check_private_key(&certificate, &key) == 1;
  ERR_pop_to_mark();
  return matches;
}

// Names the first five.
std::string subjectsOf(const std::vector<X509*>& certificates) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < certificates.size() && i < kShown; ++i) {
    text += fmt::format("{}{}'", i == 0 ? "'" : ", '", subjectOf(*certificates[i]));
  }
  return text + (certificates.size() > kShown ? ", ..." : "");
}

// Sorts the certificates of a file into a chain, one by one.
class ChainSorter {
 public:
  ChainSorter(Chain certificates, EVP_PKEY& key, const OwnFiles& files, SystemTime now)
      : files_(files), now_(now), key_(key) {
    std::size_t number = 0;
    for (auto& certificate : certificates) {
      ++number;
      const auto same = std::ranges::find_if(
          entries_, [&](const ChainEntry& e) { return X509_cmp(&*e.owned, &*certificate) == 0; });
      if (same == entries_.end()) {
        entries_.push_back({std::move(certificate), number});
      } else {
        warn(number, *certificate,
             fmt::format("is the same as certificate {}: remove one of them", same->number));
      }
    }
  }

  Result<OwnChain> sort() {
    TRY_VOID(takeLeaf());
    // takeIssuersOf() appends to chain_ meanwhile.
    std::size_t next = 0;
    while (next < chain_.size()) takeIssuersOf(*chain_[next++]);
    warnOfOrder();
    warnOfPairs();
    for (const auto& entry : entries_) warnOfUnused(entry);
    OwnChain sorted{{}, std::move(warnings_)};
    for (const std::size_t index : order_) {
      sorted.certificates.push_back(std::move(entries_[index].owned));
    }
    return sorted;
  }

 private:
  struct ChainEntry {
    X509Ptr owned;
    std::size_t number;  // position in the file, from 1
    bool taken = false;
  };

  void warn(std::size_t number, const X509& certificate, const std::string& what) {
    warnings_.push_back(fmt::format("{}: certificate {} in it ('{}') {}", files_.cert_file.string(),
                                    number, subjectOf(certificate), what));
  }

  void take(std::size_t index) {
    entries_[index].taken = true;
    order_.push_back(index);
    chain_.push_back(entries_[index].owned.get());
  }

  Result<void> takeLeaf() {
    std::vector<std::size_t> fitting;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (isOfKey(*entries_[i].owned, key_)) fitting.push_back(i);
    }
    if (fitting.empty()) return doesNotFit();
    const auto valid = std::ranges::find_if(
        fitting, [&](std::size_t i) { return isInDate(*entries_[i].owned, now_); });
    const std::size_t leaf = valid == fitting.end() ? fitting.front() : *valid;
    for (const auto& other : entries_) {
      if (isOfKey(*other.owned, key_) || !hasIssued(*entries_[leaf].owned, *other.owned)) continue;
      return tlsError(
          fmt::format("{}: the key is that of '{}', which has issued '{}' of {}, expected the key "
                      "of '{}': mount the key and the certificate of one pair",
                      files_.key_file.string(), subjectOf(*entries_[leaf].owned),
                      subjectOf(*other.owned), files_.cert_file.string(), subjectOf(*other.owned)));
    }
    take(leaf);
    return {};
  }

  Error doesNotFit() const {
    std::vector<X509*> all;
    for (const auto& entry : entries_) all.push_back(entry.owned.get());
    const std::string which = all.size() == 1 ? "the certificate " : "any certificate ";
    return tlsError(fmt::format(
        "{}: the key does not match {}{}: mount the two of one pair", files_.key_file.string(),
        which,
        all.size() == 1 ? fmt::format("{} of {}", subjectsOf(all), files_.cert_file.string())
                        : fmt::format("of {} ({})", files_.cert_file.string(), subjectsOf(all))));
  }

  // Appends the issuers without roots. All of them have one key; of several signed by one CA it
  // takes the best.
  void takeIssuersOf(X509& subject) {
    std::vector<std::size_t> issuers;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      X509& candidate = *entries_[i].owned;
      if (!entries_[i].taken && !isSelfSigned(candidate) && hasIssued(candidate, subject)) {
        issuers.push_back(i);
      }
    }
    for (const std::size_t i : issuers) {
      if (std::ranges::none_of(issuers, [&](std::size_t other) { return isBetter(other, i); })) {
        take(i);
      }
    }
  }

  // Whether `one` makes `other` redundant. Both are certificates of one key.
  bool isBetter(std::size_t one, std::size_t other) const {
    const X509& a = *entries_[one].owned;
    const X509& b = *entries_[other].owned;
    if (isInDate(a, now_) != isInDate(b, now_)) return isInDate(a, now_);
    const bool one_issuer = X509_NAME_cmp(X509_get_issuer_name(&a), X509_get_issuer_name(&b)) == 0;
    const auto end = validityOf(a).not_after;
    const auto other_end = validityOf(b).not_after;
    return one_issuer && (end > other_end || (end == other_end && one < other));
  }

  void warnOfOrder() {
    if (std::ranges::is_sorted(order_)) return;
    warnings_.push_back(
        fmt::format("{}: its certificates are sent in a different order than listed ({}): "
                    "write the {} certificate first, then each issuer",
                    files_.cert_file.string(), subjectsOf(chain_), files_.whose));
  }

  // Warns about pairs of one CA that are signed by different CAs.
  void warnOfPairs() {
    for (std::size_t i = 1; i < chain_.size(); ++i) {
      const auto pair =
          std::find_if(chain_.begin(), chain_.begin() + static_cast<long>(i),
                       [&](const X509* other) { return isOfOneCa(*other, *chain_[i]); });
      if (pair == chain_.begin() + static_cast<long>(i)) continue;
      warn(entries_[order_[i]].number, *chain_[i],
           fmt::format("has name and key of another one, signed by '{}' and by '{}', and both are "
                       "sent: remove the one that no {} needs",
                       issuerOf(**pair), issuerOf(*chain_[i]),
                       files_.whose == "client" ? "server" : "client"));
    }
  }

  static bool isOfOneCa(const X509& one, const X509& other) {
    return X509_NAME_cmp(X509_get_subject_name(&one), X509_get_subject_name(&other)) == 0 &&
           hasSameKey(one, other);
  }

  void warnOfUnused(const ChainEntry& entry) {
    if (entry.taken) return;
    X509& certificate = *entry.owned;
    const bool copy = std::ranges::any_of(
        chain_, [&](const X509* sent) { return hasSameKey(*sent, certificate); });
    if (issuedOne(certificate) && isSelfSigned(certificate)) {
      warn(entry.number, certificate,
           "is a root, which is not sent because it must be known anyway: remove it");
    } else if (copy && !isInDate(certificate, now_)) {
      const Validity validity = validityOf(certificate);
      warn(entry.number, certificate,
           (validity.not_after < now_ ? "expired at " + rfc3339(validity.not_after)
                                      : "is not valid before " + rfc3339(validity.not_before)) +
               " and is not sent, because another one with the same key is: remove it");
    } else if (copy) {
      warn(entry.number, certificate,
           "is not sent, because another one with the same key is: remove one of them");
    } else {
      warn(entry.number, certificate,
           fmt::format("is unrelated, because it has issued nothing in the chain of '{}', and is "
                       "not sent: remove it, or add what is between them",
                       subjectOf(*chain_.front())));
    }
  }

  bool issuedOne(X509& issuer) const {
    return std::ranges::any_of(chain_, [&](X509* one) { return hasIssued(issuer, *one); });
  }

  const OwnFiles& files_;
  const SystemTime now_;
  EVP_PKEY& key_;
  std::vector<ChainEntry> entries_;
  std::vector<std::size_t> order_;  // of the chain; indices of entries_
  std::vector<X509*> chain_;
  std::vector<std::string> warnings_;
};

}  // namespace

Result<OwnChain> ownChain(Chain certificates, EVP_PKEY& key, const OwnFiles& files,
                          SystemTime now) {
  return ChainSorter(std::move(certificates), key, files, now).sort();
}

}  // namespace postern::tls
