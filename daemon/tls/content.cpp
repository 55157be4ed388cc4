#include "tls/content.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/encoding.h"
#include "base/text.h"
#include "tls/openssl.h"

namespace postern::tls {
namespace {

constexpr unsigned char kSequence = 0x30;

struct DerHeader {
  std::size_t size = 0;   // bytes of the header; 0: not a header
  std::size_t value = 0;  // bytes after it
};

// Header of a sequence. Other types do not occur here.
DerHeader sequenceHeader(std::string_view der) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(der[at]); };
  if (der.size() < 2 || byte(0) != kSequence) return {};
  if (byte(1) < 0x80) return {2, byte(1)};
  const std::size_t count = byte(1) & 0x7FU;
  if (count == 0 || count > 4 || der.size() < 2 + count) return {};
  std::size_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8U | byte(2 + i);
  return {2 + count, value};
}

template <auto read, auto release>
bool readsAs(std::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  auto* const object = read(nullptr, &bytes, static_cast<long>(der.size()));
  if (object == nullptr) return false;
  release(object);
  return true;
}

// A BCFKS begins with three sequences and PBES2; an encrypted key begins with two.
bool isBcfks(std::string_view der) {
  constexpr std::string_view kPbes2 = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0D";
  for (int depth = 0; depth < 3; ++depth) {
    const auto header = sequenceHeader(der);
    if (header.size == 0) return false;
    der.remove_prefix(header.size);
  }
  const auto header = sequenceHeader(der);
  return header.size != 0 && der.substr(header.size).starts_with(kPbes2);
}

struct DerReader {
  Content content;
  bool (*reads)(std::string_view der);
};
constexpr std::array<DerReader, 9> kDerReaders = {{
    {Content::Pkcs12, readsAs<d2i_PKCS12, PKCS12_free>},
    {Content::BouncyCastle, isBcfks},
    {Content::Certificate, readsAs<d2i_X509, X509_free>},
    {Content::Crl, readsAs<d2i_X509_CRL, X509_CRL_free>},
    {Content::Request, readsAs<d2i_X509_REQ, X509_REQ_free>},
    {Content::Pkcs7, readsAs<d2i_PKCS7, PKCS7_free>},
    {Content::Key, readsAs<d2i_AutoPrivateKey, EVP_PKEY_free>},
    {Content::EncryptedKey, readsAs<d2i_X509_SIG, X509_SIG_free>},
    {Content::PublicKey, readsAs<d2i_PUBKEY, EVP_PKEY_free>},
}};

bool isBase64Digit(char byte) {
  return isLetterOrDigit(byte) || byte == '+' || byte == '/';
}

// Only the base64 digits.
Secret digitsOf(std::string_view text) {
  Secret digits;
  digits.reserve(text.size() + 4);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size();
    if (escaped && text[i + 1] != '\\') ++i;
    if (!escaped && isBase64Digit(text[i])) digits.append(text.substr(i, 1));
  }
  return digits;
}

}  // namespace

std::string_view nameOf(Content content) {
  switch (content) {
    case Content::Certificate: return "certificate";
    case Content::Pkcs7: return "PKCS #7 bag of certificates";
    case Content::Request: return "certificate request (CSR)";
    case Content::Crl: return "CRL";
    case Content::Key: return "private key";
    case Content::EncryptedKey: return "private key that is encrypted";
    case Content::PublicKey: return "public key";
    case Content::Parameters: return "block with the parameters of a key";
    case Content::Pkcs12: return "PKCS #12 bundle";
    case Content::BouncyCastle: return "Bouncy Castle keystore (BCFKS)";
    case Content::Other: break;
  }
  return "block of another kind";
}

Content contentOf(std::string_view der) {
  const auto* const reader =
      std::ranges::find_if(kDerReaders, [&](const DerReader& one) { return one.reads(der); });
  ERR_clear_error();
  return reader == kDerReaders.end() ? Content::Other : reader->content;
}

std::size_t derSize(std::string_view der) {
  const auto header = sequenceHeader(der);
  return header.size == 0 ? 0 : header.size + header.value;
}

Secret base64Decoded(std::string_view text) {
  Secret digits = digitsOf(text);
  // A single remaining digit encodes no byte.
  const auto size = digits.size() - (digits.size() % 4 == 1 ? 1 : 0);
  digits.append("==");
  return decodeBase64Secret(digits.reveal().substr(0, (size + 3) / 4 * 4)).value_or(Secret());
}

bool isBase64(std::string_view text) {
  return std::ranges::all_of(text, [](char byte) {
    return isBase64Digit(byte) || byte == '=' || kWhiteSpace.find(byte) != kWhiteSpace.npos;
  });
}

}  // namespace postern::tls
