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
  std::string_view swapped;  // the files that may be mixed up
};
constexpr Kind kCertificate = {"certificate", "openssl x509 -inform DER", "certificate and key"};
constexpr Kind kCrl = {"CRL", "openssl crl -inform DER", "ca_file and crl_file"};
constexpr Kind kKey = {"private key", "openssl pkey -inform DER", "certificate and key"};

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
  return tlsError(file.string() + ": holds no " + name + " but another PEM block: check whether " +
                  std::string(kind.swapped) + " are swapped");
}

// Keeps OpenSSL from asking at the terminal: `password` points to what there is, or to nothing.
int givePassword(char* buffer, int size, int, void* password) {
  const auto& given = *static_cast<const std::optional<Secret>*>(password);
  if (!given || given->size() > static_cast<std::size_t>(size)) return -1;
  std::ranges::copy(given->reveal(), buffer);
  return static_cast<int>(given->size());
}

BioPtr readerOf(std::string_view pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Every object of the kind that the file holds, at least one.
template <typename Pointer, typename Read>
Result<std::vector<Pointer>> parseAll(std::string_view pem, const config::Path& file,
                                      const Kind& kind, Read read) {
  const BioPtr reader = readerOf(pem);
  std::vector<Pointer> all;
  ERR_clear_error();
  std::optional<Secret> none;
  while (auto* object = read(reader.get(), nullptr, givePassword, &none)) all.emplace_back(object);
  const bool at_end = ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_PEM &&
                      ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = takeReason();
  if (!at_end) {
    return tlsError(file.string() + ": " + std::string(kind.name) + " " +
                    std::to_string(all.size() + 1) + " in it is damaged (" + reason +
                    "): write the file anew");
  }
  if (all.empty()) return notFound(pem, file, kind);
  return all;
}

bool encrypted(std::string_view pem) {
  return has(pem, "-----BEGIN ENCRYPTED PRIVATE KEY") || has(pem, "Proc-Type: 4,ENCRYPTED");
}

Error withoutPassword(const config::Path& file) {
  return tlsError(file.string() +
                  ": the key is encrypted and there is no password for it: name the file that "
                  "holds it in key_password_file, or decrypt the key with `openssl pkey -in " +
                  file.string() + " -out new.key`");
}

// Whether a cipher was asked for that OpenSSL's default provider no longer knows, as DES. Reads the
// thread's OpenSSL errors; its decoders call a key that is no ASN.1 unsupported too.
bool outdatedCipher() {
  bool outdated = false;
  while (const auto code = ERR_get_error()) {
    outdated =
        outdated || (ERR_GET_LIB(code) == ERR_LIB_EVP && ERR_GET_REASON(code) == ERR_R_UNSUPPORTED);
  }
  return outdated;
}

Error notDecrypted(const config::Path& file, const config::Path& password_file) {
  if (outdatedCipher()) {
    return tlsError(file.string() +
                    ": the key is encrypted in an old way that OpenSSL no longer knows: encrypt it "
                    "anew with `openssl pkey -provider legacy -provider default -in " +
                    file.string() + " -aes256 -out new.key`");
  }
  return tlsError(file.string() + ": the password in " + password_file.string() +
                  " does not open the key: correct it, or mount the key that it belongs to");
}

}  // namespace

Result<Chain> parseCertificates(std::string_view pem, const config::Path& file) {
  return parseAll<X509Ptr>(pem, file, kCertificate, PEM_read_bio_X509);
}

Result<std::vector<CrlPtr>> parseCrls(std::string_view pem, const config::Path& file) {
  return parseAll<CrlPtr>(pem, file, kCrl, PEM_read_bio_X509_CRL);
}

Result<KeyPtr> parseKey(std::string_view pem, const config::Path& file,
                        const std::optional<Secret>& password, const config::Path& password_file) {
  if (encrypted(pem) && !password) return withoutPassword(file);
  const BioPtr reader = readerOf(pem);
  ERR_clear_error();
  KeyPtr key(PEM_read_bio_PrivateKey(reader.get(), nullptr, givePassword,
                                     const_cast<std::optional<Secret>*>(&password)));
  if (key) {
    ERR_clear_error();
    return key;
  }
  if (encrypted(pem)) return notDecrypted(file, password_file);
  const std::string reason = takeReason();
  if (!has(pem, "PRIVATE KEY-----")) return notFound(pem, file, kKey);
  return tlsError(file.string() + ": the private key in it is damaged (" + reason +
                  "): write the file anew");
}

}  // namespace postern::tls
