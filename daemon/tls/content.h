#pragma once

#include <string_view>

#include "base/secret.h"

namespace postern::tls {

// The kinds of content in files with certificates and keys.
enum class Content {
  Certificate,
  Pkcs7,  // a bag of certificates, such as a .p7b file
  Request,
  Crl,
  Key,
  EncryptedKey,
  PublicKey,
  Parameters,
  Pkcs12,
  BouncyCastle,  // BCFKS, which is DER as well
  Other
};

// "certificate request (CSR)"
std::string_view nameOf(Content content);

// The content of the DER object at the beginning of `der`; Other if `der` does not begin with one.
Content contentOf(std::string_view der);
// Size in bytes of the DER object at the beginning of `der`, from its header; 0 if `der` does not
// begin with one.
std::size_t derSize(std::string_view der);

// Decodes the base64 in `text`. Ignores any other character, and both characters of an escaped line
// end.
Secret base64Decoded(std::string_view text);
// Whether `text` consists only of base64 and white space.
bool isBase64(std::string_view text);

}  // namespace postern::tls
