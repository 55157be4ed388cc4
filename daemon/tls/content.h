#pragma once

#include <string_view>

#include "base/secret.h"

namespace postern::tls {

// What bytes are that certificates and keys are written as.
enum class Content {
  Certificate,
  Pkcs7,  // a bag of certificates, as .p7b files are
  Request,
  Crl,
  Key,
  EncryptedKey,
  PublicKey,
  Parameters,
  Pkcs12,
  BouncyCastle,  // BCFKS, which is DER too
  Other
};

// "certificate request (CSR)"
std::string_view nameOf(Content content);

// Of the DER object that `der` begins with; Other when there is none.
Content contentOf(std::string_view der);
// Bytes of the DER object that `der` begins with, as its header tells; 0: it begins with none.
std::size_t derSize(std::string_view der);

// What the base64 in `text` encodes. Any other character is passed over, and the two of an escaped
// line end.
Secret base64Decoded(std::string_view text);
// Whether `text` consists of base64 and white space alone.
bool isBase64(std::string_view text);

}  // namespace postern::tls
