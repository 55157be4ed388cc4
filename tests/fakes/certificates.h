#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Certificates, chains and keys (EC P-256), made when a test runs and never stored. Failures throw
// std::runtime_error: they are mistakes of the test.
namespace postern::testing {

enum class Use { Authority, Server, Client, Any };  // Any: no extended key usage

// The content of a certificate. Dates are relative to now.
struct Wanted {
  std::string common_name = "test";
  // Subject alternative names: DNS names, IP and e-mail addresses, SPIFFE IDs.
  std::vector<std::string> names{};
  Use use = Use::Any;
  std::chrono::seconds begins = -std::chrono::hours(1);
  std::chrono::seconds ends = std::chrono::hours(24);
  bool key_identifiers = true;  // of subject and issuer
};

class Identity;

// The content of a certificate revocation list. Dates are relative to now.
struct WantedCrl {
  std::vector<Identity> revoked{};
  std::chrono::seconds last_update = -std::chrono::hours(1);
  std::chrono::seconds next_update = std::chrono::hours(24);
};

// A certificate and its key. Copies share both.
class Identity {
 public:
  static Identity selfSigned(const Wanted& wanted);
  // Signed by this one, with a new key.
  Identity issue(const Wanted& wanted) const;
  // Another certificate for the key of this one, signed by `issuer`, or by itself.
  Identity again(const Wanted& wanted, const Identity* issuer = nullptr) const;

  std::string certificate() const;  // PEM, this one only; join several for a chain
  std::string key() const;          // PEM, PKCS #8
  std::string encryptedKey(std::string_view password) const;  // PEM, PKCS #8
  // PEM in OpenSSL's format before PKCS #8, with this cipher.
  std::string encryptedKey(std::string_view password, const EVP_CIPHER* cipher) const;
  // PKCS #12 of key, certificate and `others`; `outdated`: with RC2, as before OpenSSL 3.
  std::string bundle(const std::string& password, const std::vector<Identity>& others = {},
                     bool outdated = false) const;
  std::string crl(const WantedCrl& wanted) const;  // PEM, signed by this one
  std::string crlDer(const WantedCrl& wanted) const;
  std::string certificateDer() const;
  std::string keyDer() const;
  std::string pin() const;  // the 32 bytes of config::Tls::pin_sha256

  X509* x509() const { return certificate_.get(); }  // owned by this
  EVP_PKEY* privateKey() const { return key_.get(); }

 private:
  Identity(std::shared_ptr<X509> certificate, std::shared_ptr<EVP_PKEY> key);
  std::shared_ptr<X509_CRL> makeCrl(const WantedCrl& wanted) const;
  static Identity make(const Wanted& wanted, const Identity* issuer,
                       const std::shared_ptr<EVP_PKEY>& key);

  std::shared_ptr<X509> certificate_;
  std::shared_ptr<EVP_PKEY> key_;
};

Identity makeAuthority(const std::string& common_name = "Test CA");
// An intermediate, for instance.
Identity makeAuthority(const std::string& common_name, const Identity& issuer);
Identity makeServer(const Identity& issuer, std::vector<std::string> names);
Identity makeClient(const Identity& issuer, const std::string& common_name = "scraper");

// A folder in the system's temporary folder, removed with its contents.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Creates or replaces the file `name`, and its folders; returns its path.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

}  // namespace postern::testing
