#include "tls/pem.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

#include "tls/pem_shape.h"

namespace postern::tls {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Keeps OpenSSL from prompting at the terminal. `password` points to the password, if it is set.
int givePassword(char* buffer, int size, int, void* password) {
  const auto& given = *static_cast<const std::optional<Secret>*>(password);
  if (!given || given->size() > static_cast<std::size_t>(size)) return -1;
  std::ranges::copy(given->reveal(), buffer);
  return static_cast<int>(given->size());
}

BioPtr readerOf(std::string_view pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Reads every object of the kind in the file, at least one. Fails if OpenSSL skips one.
template <typename Pointer, typename Read>
Result<std::vector<Pointer>> parseAll(std::string_view pem, const config::Path& file,
                                      ExpectedPem wanted, Read read) {
  const BioPtr reader = readerOf(pem);
  std::vector<Pointer> all;
  ERR_clear_error();
  std::optional<Secret> none;
  while (auto* object = read(reader.get(), nullptr, givePassword, &none)) all.emplace_back(object);
  const bool at_end = ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_PEM &&
                      ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = takeReason();
  if (at_end && !all.empty() && all.size() >= countBlocks(pem, wanted)) return all;
  return tlsError(explainUnread(pem, wanted, file, at_end ? "" : reason));
}

bool encrypted(std::string_view pem) {
  return has(pem, "-----BEGIN ENCRYPTED PRIVATE KEY") || has(pem, "Proc-Type: 4,ENCRYPTED");
}

Error withoutPassword(const config::Path& file) {
  return tlsError(fmt::format(
      "{}: the key is encrypted, and its password is not set: name the password file in "
      "key_password_file, or decrypt the key with `openssl pkey -in {} -out new.key`",
      file.string(), file.string()));
}

// Whether the key needs a cipher that OpenSSL's default provider no longer has, such as DES. Reads
// the thread's OpenSSL errors. Its decoders also report a key that is not ASN.1 as unsupported.
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
    return tlsError(
        fmt::format("{}: the key is encrypted with an old cipher that OpenSSL no longer supports: "
                    "encrypt it again with "
                    "`openssl pkey -provider legacy -provider default -in {} -aes256 -out new.key`",
                    file.string(), file.string()));
  }
  return tlsError(
      fmt::format("{}: the password in {} does not open the key: correct it, or mount the key that "
                  "it belongs to",
                  file.string(), password_file.string()));
}

}  // namespace

Result<Chain> parseCertificates(std::string_view pem, const config::Path& file) {
  return parseAll<X509Ptr>(pem, file, ExpectedPem::Certificate, PEM_read_bio_X509);
}

Result<std::vector<CrlPtr>> parseCrls(std::string_view pem, const config::Path& file) {
  return parseAll<CrlPtr>(pem, file, ExpectedPem::Crl, PEM_read_bio_X509_CRL);
}

Result<KeyPtr> parseKey(std::string_view pem, const config::Path& file,
                        const std::optional<Secret>& password, const config::Path& password_file) {
  if (losesBlocks(pem, ExpectedPem::Key))
    return tlsError(explainUnread(pem, ExpectedPem::Key, file, ""));
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
  const bool any = countBlocks(pem, ExpectedPem::Key) > 0;
  return tlsError(explainUnread(pem, ExpectedPem::Key, file, any ? reason : ""));
}

}  // namespace postern::tls
