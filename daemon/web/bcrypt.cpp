#include "web/bcrypt.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <cstring>
#include <memory>
#include <string>

#include "base/secret.h"

namespace postern::web {
namespace {

constexpr std::size_t kHash = 60;         // length of the whole hash
constexpr std::size_t kSetting = 29;      // length of form, cost and salt
constexpr std::size_t kMostCounted = 72;  // bytes of a password that count

struct Wipe {
  void operator()(crypt_data* data) const {
    wipeBytes(data, sizeof *data);
    delete data;
  }
};

}  // namespace

bool matchesBcrypt(std::string_view password, std::string_view hash) {
  if (hash.size() != kHash || password.find('\0') != password.npos) return false;
  std::string phrase;
  phrase.reserve(kMostCounted);
  phrase.assign(password.substr(0, kMostCounted));
  // libxcrypt guards $2a$ against collisions, Go does not.
  const std::string setting = "$2b" + std::string(hash.substr(3, kSetting - 3));

  const std::unique_ptr<crypt_data, Wipe> data(new crypt_data{});
  const char* const computed = crypt_r(phrase.c_str(), setting.c_str(), data.get());
  wipeBytes(phrase.data(), phrase.size());
  if (computed == nullptr || std::strlen(computed) != kHash) return false;
  // The unused bits of the salt's last character may differ, so the salt is not compared.
  return CRYPTO_memcmp(computed + kSetting, hash.data() + kSetting, kHash - kSetting) == 0;
}

}  // namespace postern::web
