#include "tls/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

namespace postern::tls {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";

struct Kind {
  std::string_view name;     // for messages
  std::string_view convert;  // the command that turns DER into PEM
};
constexpr Kind kCertificate = {"certificate", "openssl x509 -inform DER"};
constexpr Kind kKey = {"private key", "openssl pkey -inform DER"};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Whether it begins like the ASN.1 sequence that each certificate, key and PKCS #12 file is, and
// is no text that begins with a zero.
bool binary(std::string_view text) {
  const auto control = [](char byte) { return byte >= 0 && byte < 9; };
  return !text.empty() && text[0] == 0x30 && std::any_of(text.begin(), text.end(), control);
}

// Without a PEM block of the kind that was looked for.
Error notFound(std::string_view pem, const config::Path& file, const Kind& kind) {
  const std::string name(kind.name);
  if (blank(pem)) {
    return tlsError(file.string() + ": is empty: write the " + name + " into it, as PEM");
  }
  if (binary(pem)) {
    return tlsError(file.string() + ": is DER (or PKCS #12), not PEM: convert it with `" +
                    std::string(kind.convert) + " -in " + file.string() + " -out new.pem`");
  }
  if (!has(pem, kBegin)) {
    return tlsError(file.string() + ": holds no PEM block: write the " + name +
                    " into it, as PEM (\"-----BEGIN ...\")");
  }
  return tlsError(file.string() + ": holds no " + name +
                  " but another PEM block: check whether certificate and key are swapped");
}

// Keeps OpenSSL from asking at the terminal.
int noPassword(char*, int, int, void*) {
  return -1;
}

BioPtr readerOf(std::string_view pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

bool encrypted(std::string_view pem) {
  return has(pem, "-----BEGIN ENCRYPTED PRIVATE KEY") || has(pem, "Proc-Type: 4,ENCRYPTED");
}

}  // namespace

Result<Chain> parseCertificates(std::string_view pem, const config::Path& file) {
  const BioPtr reader = readerOf(pem);
  Chain chain;
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(reader.get(), nullptr, noPassword, nullptr)) {
    chain.emplace_back(certificate);
  }
  const bool at_end = ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_PEM &&
                      ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = takeReason();
  if (!at_end) {
    return tlsError(file.string() + ": certificate " + std::to_string(chain.size() + 1) +
                    " in it is damaged (" + reason + "): write the file anew");
  }
  if (chain.empty()) return notFound(pem, file, kCertificate);
  return chain;
}

Result<KeyPtr> parseKey(std::string_view pem, const config::Path& file) {
  if (encrypted(pem)) {
    return tlsError(file.string() +
                    ": the key is encrypted and there is no password for it: decrypt it with "
                    "`openssl pkey -in " +
                    file.string() + " -out new.key`");
  }
  const BioPtr reader = readerOf(pem);
  ERR_clear_error();
  KeyPtr key(PEM_read_bio_PrivateKey(reader.get(), nullptr, noPassword, nullptr));
  const std::string reason = takeReason();
  if (key) return key;
  if (!has(pem, "PRIVATE KEY-----")) return notFound(pem, file, kKey);
  return tlsError(file.string() + ": the private key in it is damaged (" + reason +
                  "): write the file anew");
}

}  // namespace postern::tls
