#include "scrape/digests.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

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

}  // namespace

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

}  // namespace postern::scrape
