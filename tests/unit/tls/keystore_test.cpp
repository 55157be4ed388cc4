// Bundles and keystores that OpenSSL 3.0 cannot open, or with more contents than expected.
#include <gmock/gmock.h>
#include <openssl/pkcs12.h>

#include "base/encoding.h"
#include "tls/certificate.h"
#include "unit/tls/mount.h"

namespace postern::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Identity;
using ::testing::IsEmpty;
using testing::makeAuthority;
using testing::makeClient;

using Pkcs12 = std::unique_ptr<PKCS12, decltype(&PKCS12_free)>;

std::string derOf(PKCS12* bundle) {
  unsigned char* der = nullptr;
  const int size = i2d_PKCS12(bundle, &der);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

Pkcs12 parsed(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  return {d2i_PKCS12(nullptr, &bytes, static_cast<long>(der.size())), PKCS12_free};
}

// With the algorithm's name that Java, Go and OpenSSL 3.4 write for PBMAC1.
std::string withPbmac1(const std::string& der) {
  const auto bundle = parsed(der);
  const X509_ALGOR* algorithm = nullptr;
  PKCS12_get0_mac(nullptr, &algorithm, nullptr, nullptr, bundle.get());
  X509_ALGOR_set0(const_cast<X509_ALGOR*>(algorithm), OBJ_nid2obj(NID_pbmac1), V_ASN1_NULL,
                  nullptr);
  return derOf(bundle.get());
}

struct Entry {
  Identity identity;
  std::string friendly_name;  // empty: none
  bool with_certificate = true;
};

// As keytool writes several aliases; `certificates_key` encrypts the certificates too.
std::string bundleOf(const std::vector<Entry>& entries, const std::string& password,
                     bool encrypt_certificates = true) {
  STACK_OF(PKCS12_SAFEBAG)* keys = nullptr;
  STACK_OF(PKCS12_SAFEBAG)* certificates = nullptr;
  unsigned char id = 0;
  for (const auto& [identity, name, with_certificate] : entries) {
    ++id;
    std::vector<PKCS12_SAFEBAG*> bags = {
        PKCS12_add_key(&keys, identity.privateKey(), 0, 1, NID_aes_256_cbc, password.c_str())};
    if (with_certificate) bags.push_back(PKCS12_add_cert(&certificates, identity.x509()));
    for (auto* const bag : bags) {
      PKCS12_add_localkeyid(bag, &id, 1);
      if (!name.empty()) PKCS12_add_friendlyname_utf8(bag, name.c_str(), -1);
    }
  }
  STACK_OF(PKCS7)* safes = nullptr;
  PKCS12_add_safe(&safes, certificates, encrypt_certificates ? NID_aes_256_cbc : -1, 1,
                  password.c_str());
  PKCS12_add_safe(&safes, keys, -1, 0, nullptr);
  const Pkcs12 bundle(PKCS12_add_safes(safes, 0), PKCS12_free);
  PKCS12_set_mac(bundle.get(), password.c_str(), -1, nullptr, 0, 1, EVP_sha256());
  sk_PKCS12_SAFEBAG_pop_free(keys, PKCS12_SAFEBAG_free);
  sk_PKCS12_SAFEBAG_pop_free(certificates, PKCS12_SAFEBAG_free);
  sk_PKCS7_pop_free(safes, PKCS7_free);
  return derOf(bundle.get());
}

class KeystoreTest : public ::testing::Test {
 protected:
  // The error for a bundle with this content; FILE replaces its name.
  std::string errorOf(const std::string& content) {
    mount.bundle(content);
    const auto loaded = mount.load();
    if (loaded) return "loaded";
    return named(loaded.error().what);
  }
  std::vector<std::string> warningsOf(const std::string& content) {
    mount.bundle(content);
    const auto loaded = mount.load();
    if (!loaded) return {loaded.error().what};
    std::vector<std::string> warnings;
    for (const auto& warning : (*loaded)->warnings()) warnings.push_back(named(warning));
    return warnings;
  }
  std::string named(std::string text) const {
    const std::string file = mount.path("bundle.p12");
    for (auto at = text.find(file); at != text.npos; at = text.find(file))
      text.replace(at, file.size(), "FILE");
    return text;
  }

  Identity ca = makeAuthority();
  Identity client = makeClient(ca);
  Identity other = makeClient(ca, "other");
  Mount mount;
};

TEST_F(KeystoreTest, SaysThatPbmac1IsNotSupportedWhateverThePassword) {
  const std::string bundle = withPbmac1(client.bundle("hunter2"));
  const std::string words =
      "FILE: is protected by PBMAC1 (RFC 9579), which OpenSSL 3.0 does not support: export it "
      "without PBMAC1, with OpenSSL 3.4 or newer: `openssl pkcs12 -in FILE -nodes -out all.pem` "
      "and `openssl pkcs12 -export -in all.pem -out new.p12`, then remove all.pem";
  EXPECT_EQ(errorOf(bundle), words);
  for (const char* password : {"hunter2", "wrong"}) {
    mount.password(password);
    EXPECT_EQ(errorOf(bundle), words);
  }
}

TEST_F(KeystoreTest, NamesKeystoresOfOtherKindsAndTheCommandThatConvertsThem) {
  const auto magic = [](const char* bytes, std::size_t size) { return std::string(bytes, size); };
  const auto command = [](const std::string& options) {
    return ", expected a PKCS #12 bundle: convert it with `keytool -importkeystore -srckeystore "
           "FILE -srcstoretype " +
           options + " -destkeystore new.p12 -deststoretype PKCS12`, and mount new.p12";
  };
  const std::string bouncy_castle =
      " -providerclass org.bouncycastle.jce.provider.BouncyCastleProvider -providerpath bcprov.jar";
  // The beginning of a BCFKS keystore: three sequences and PBES2
  const std::string bcfks =
      magic("\x30\x14\x30\x12\x30\x10\x30\x0E\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0D\x04\x01",
            21) +
      "x";
  struct Case {
    std::string content;
    std::string words;
  };
  const std::vector<Case> cases = {
      {magic("\xFE\xED\xFE\xED\0\0\0\2\0\0\0\1", 12),
       "FILE: is a Java keystore (JKS)" + command("JKS")},
      {magic("\xCE\xCE\xCE\xCE\0\0\0\2\0\0\0\1", 12),
       "FILE: is a Java keystore (JCEKS)" + command("JCEKS")},
      {magic("\0\0\0\2\0\0\0\x14 and a salt", 19),
       "FILE: is a Bouncy Castle keystore (BKS)" + command("BKS" + bouncy_castle)},
      {bcfks, "FILE: is a Bouncy Castle keystore (BCFKS)" + command("BCFKS" + bouncy_castle)},
      {encodeBase64(client.bundle("hunter2")),
       "FILE: is a bundle, encoded in base64 without BEGIN and END lines, expected a PKCS #12 "
       "bundle: convert it with `base64 -d < FILE > new.p12`"},
      {"-----BEGIN PKCS12-----\n" + encodeBase64(client.bundle("")) + "\n-----END PKCS12-----\n",
       "FILE: is a PKCS #12 bundle between BEGIN and END lines: decode it with `grep -v -e ----- "
       "FILE | base64 -d > new.p12`"},
      {client.certificateDer(),
       "FILE: is a certificate as DER, expected a PKCS #12 bundle: make a bundle of the "
       "certificate and its key with `openssl pkcs12 -export -in tls.crt -inkey tls.key -out "
       "new.p12`"},
      {client.certificate(), "FILE: is PEM, not PKCS #12: name it in cert_file and key_file"},
      {"hunter2", "FILE: is not a PKCS #12 bundle, or is damaged: write the file again"},
  };
  for (const auto& [content, words] : cases) EXPECT_EQ(errorOf(content), words);
}

TEST_F(KeystoreTest, WarnsOfABundleWithTwoKeysAndNamesThem) {
  const std::string end = ": export a bundle that holds the one that is meant";
  mount.ca(ca).password("hunter2");
  for (const bool encrypted : {true, false}) {
    EXPECT_THAT(
        warningsOf(bundleOf({{client, "blue"}, {other, "green"}}, "hunter2", encrypted)),
        ElementsAre("FILE: holds 2 private keys, expected one: 'blue' (certificate 'scraper'), "
                    "'green' (certificate 'other'); the first is used, with certificate "
                    "'scraper'" +
                    end));
  }
  EXPECT_THAT(warningsOf(bundleOf({{other, ""}, {client, "blue", false}}, "hunter2")),
              ElementsAre("FILE: holds 2 private keys, expected one: one without a name "
                          "(certificate 'other'), 'blue' (no certificate); the first is used, with "
                          "certificate 'other'" +
                          end));
  const auto loaded = mount.load();
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ((*loaded)->clientChain().front().subject, "other");
  EXPECT_THAT(warningsOf(bundleOf({{client, "blue"}}, "hunter2")), IsEmpty());
  EXPECT_THAT(warningsOf(client.bundle("hunter2", {ca})), IsEmpty());
}

}  // namespace
}  // namespace postern::tls
