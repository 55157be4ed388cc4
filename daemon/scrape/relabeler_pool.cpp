#include "scrape/relabeler_pool.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/secret.h"

namespace postern::scrape {
namespace {

const unsigned char* bytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string digest(const EVP_MD* kind, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), sum.data(), &size, kind, nullptr);
  return {sum.begin(), sum.begin() + size};
}

// HMAC-SHA-256 under `salt`, and MD5, by OpenSSL.
relabel::Digests makeDigests(const Secret& salt) {
  const auto key = std::make_shared<const Secret>(salt);
  return {[key](std::string_view text) {
            std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
            unsigned size = 0;
            HMAC(EVP_sha256(), key->reveal().data(), static_cast<int>(key->reveal().size()),
                 bytesOf(text), text.size(), sum.data(), &size);
            return std::string(sum.begin(), sum.begin() + size);
          },
          [](std::string_view text) { return digest(EVP_md5(), text); }};
}

}  // namespace

std::shared_ptr<const relabel::Rules> compileRules(const config::Reshape& config) {
  return relabel::Rules::compile(config, makeDigests(config.anonymize.salt));
}

RelabelerPool::RelabelerPool(const config::Reshape& config) : rules_(compileRules(config)) {}

RelabelerPool::RelabelerLease RelabelerPool::lease() {
  if (!rules_->any()) return {};
  std::unique_ptr<relabel::Relabeler> relabeler;
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      relabeler = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!relabeler) relabeler = std::make_unique<relabel::Relabeler>(rules_);
  return {relabeler.release(), Return{this}};
}

void RelabelerPool::Return::operator()(relabel::Relabeler* used) const {
  std::unique_ptr<relabel::Relabeler> owned(used);
  const MutexLock lock(owner->mutex_);
  owner->idle_.push_back(std::move(owned));
}

}  // namespace postern::scrape
