// Keys and bundles that need a password.
#include <gmock/gmock.h>

#include "base/date.h"
#include "tls/certificate.h"
#include "unit/tls/handshake.h"
#include "unit/tls/mount.h"

namespace postern::tls {
namespace {

using testing::Identity;
using testing::makeAuthority;
using testing::makeClient;
using testing::makeServer;

class EncryptedTest : public ::testing::Test {
 protected:
  void fails(const std::string& words) {
    const auto loaded = mount.load();
    ASSERT_FALSE(loaded) << "loaded, instead of: " << words;
    EXPECT_EQ(loaded.error().fault, Fault::Tls);
    EXPECT_EQ(loaded.error().what, words);
  }
  // A server that accepts only clients with a certificate of `ca`.
  void opensTheDoor() {
    const auto material = mount.ca(ca).load();
    ASSERT_TRUE(material) << material.error().what;
    Server server(makeServer(ca, {"web"}));
    const auto outcome = shakeHands(**material, server.requiresClientsOf(ca), "web");
    EXPECT_FALSE(outcome.error) << outcome.error->what;
  }
  std::string file(const std::string& name) const { return mount.path(name); }

  Identity ca = makeAuthority();
  Identity client = makeClient(ca);
  Mount mount;
};

TEST_F(EncryptedTest, OpensKeysOfEachKindWithTheirPassword) {
  const auto opens = [&](const std::string& key, const std::string& password) {
    SCOPED_TRACE(key.substr(0, 60));
    mount.pair(client.certificate(), key).password(password);
    opensTheDoor();
  };
  // PKCS #8, and the format before it
  opens(client.encryptedKey("hunter2"), "hunter2");
  opens(client.encryptedKey("hunter2", EVP_aes_256_cbc()), "hunter2");
  opens(client.encryptedKey("hunter2", EVP_des_ede3_cbc()), "hunter2");
  // One line end is not part of the password
  opens(client.encryptedKey("hunter2"), "hunter2\n");
  opens(client.encryptedKey("hunter2"), "hunter2\r\n");
  opens(client.encryptedKey("hunter2\n"), "hunter2\n\n");
  opens(client.encryptedKey(" hunter2 "), " hunter2 ");
  opens(client.encryptedKey(std::string(1024, 'x')), std::string(1024, 'x'));
  // A key without a password
  opens(client.key(), "hunter2");
}

TEST_F(EncryptedTest, NeedsAPasswordAndDoesNotAskForIt) {
  const std::string words =
      ": the key is encrypted, and its password is not set: name the password file in "
      "key_password_file, or decrypt the key with `openssl pkey -in " +
      file("tls.key") + " -out new.key`";
  mount.pair(client.certificate(), client.encryptedKey("hunter2"));
  fails(file("tls.key") + words);
  mount.pair(client.certificate(), client.encryptedKey("hunter2", EVP_aes_256_cbc()));
  fails(file("tls.key") + words);
}

TEST_F(EncryptedTest, SaysThatThePasswordIsWrong) {
  const std::string words = ": the password in " + file("password") +
                            " does not open the key: correct it, or mount the key that it belongs "
                            "to";
  mount.ca(ca);
  // Sometimes a wrong password gives bytes that look decrypted.
  for (int i = 0; i < 600; ++i) {
    mount.password("wrong" + std::to_string(i));
    mount.pair(client.certificate(), client.encryptedKey("hunter2", EVP_aes_256_cbc()));
    fails(file("tls.key") + words);
  }
  mount.pair(client.certificate(), client.encryptedKey("hunter2"));
  fails(file("tls.key") + words);
}

TEST_F(EncryptedTest, SaysHowToReencryptAKeyThatIsTooOld) {
  const std::string pem = client.encryptedKey("hunter2", EVP_des_ede3_cbc());
  const auto at = pem.find("DES-EDE3-CBC");
  mount.pair(client.certificate(), pem.substr(0, at) + "DES-CBC" + pem.substr(at + 12));
  mount.password("hunter2");

  fails(file("tls.key") +
        ": the key is encrypted with an old cipher that OpenSSL no longer supports: encrypt it "
        "again with "
        "`openssl pkey -provider legacy -provider default -in " +
        file("tls.key") + " -aes256 -out new.key`");
}

TEST_F(EncryptedTest, SaysWhatIsWrongWithThePasswordsFile) {
  mount.pair(client.certificate(), client.encryptedKey("hunter2")).password("\n");
  fails(file("password") + ": is empty: write the password of the key into it");
  mount.password(std::string(1025, 'x'));
  fails(file("password") +
        ": is longer than 1024 bytes: name the file that holds the key's password");
  mount.config.key_password_file = mount.path("absent");
  fails(file("absent") + ": no such file: mount it, or correct the file name");
  mount.config.key_password_file = mount.path("");
  fails(file("") + ": is a directory: name the file that holds the password in it");
}

TEST_F(EncryptedTest, ReadsThePasswordInAFolderToo) {
  mount.optional().pair(client.certificate(), client.encryptedKey("hunter2")).password("hunter2");
  opensTheDoor();
}

TEST_F(EncryptedTest, OpensBundles) {
  const auto opens = [&](const std::string& bundle, const std::string& password) {
    SCOPED_TRACE(password);
    mount.bundle(bundle);
    if (!password.empty()) mount.password(password);
    opensTheDoor();
  };
  opens(client.bundle(""), "");
  opens(client.bundle("hunter2"), "hunter2\n");
}

TEST_F(EncryptedTest, SendsTheChainOfABundleInOrderAndWithoutItsRoot) {
  const auto upper = makeAuthority("Upper", ca);
  const auto lower = makeAuthority("Lower", upper);
  const auto leaf = makeClient(lower);
  mount.bundle(leaf.bundle("hunter2", {ca, upper, makeAuthority("Stranger"), lower}));
  mount.password("hunter2");
  opensTheDoor();

  const auto loaded = mount.load();
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ((*loaded)->clientValidity()->not_after, validityOf(*leaf.x509()).not_after);
}

TEST_F(EncryptedTest, DoesNotTrustTheAuthoritiesOfABundle) {
  const auto stranger = makeAuthority("Stranger");
  mount.ca(ca).bundle(client.bundle("hunter2", {stranger})).password("hunter2");
  const auto material = mount.load();
  ASSERT_TRUE(material) << material.error().what;

  EXPECT_TRUE(shakeHands(**material, Server(makeServer(stranger, {"web"})), "web").error);
}

TEST_F(EncryptedTest, SaysWhatIsWrongWithABundle) {
  const std::string name = file("bundle.p12");
  mount.bundle("");
  fails(name + ": is empty: write the PKCS #12 bundle into it");
  mount.bundle(client.certificate() + client.key());
  fails(name + ": is PEM, not PKCS #12: name it in cert_file and key_file");
  const std::string der = client.bundle("hunter2");
  mount.bundle(der.substr(0, 200));
  fails(name + ": is DER that was cut off (200 of " + std::to_string(der.size()) +
        " bytes), expected a PKCS #12 bundle: write the file again");
  mount.bundle(client.bundle("hunter2"));
  fails(name + ": needs a password: name the file that holds it in key_password_file");
  mount.password("wrong");
  fails(name + ": the password in " + file("password") +
        " does not open it: correct it, or mount the bundle that it belongs to");
}

TEST_F(EncryptedTest, SaysHowToExportAgainABundleThatIsTooOld) {
  mount.bundle(client.bundle("hunter2", {}, true)).password("hunter2");

  const std::string name = file("bundle.p12");
  fails(name +
        ": is encrypted with an old cipher (RC2) that OpenSSL no longer supports: export it again "
        "with "
        "`openssl pkcs12 -legacy -in " +
        name +
        " -nodes -out all.pem` and `openssl pkcs12 -export -in all.pem -out new.p12`, then remove "
        "all.pem");
}

TEST_F(EncryptedTest, ChecksTheDatesOfABundle) {
  const auto old = ca.issue({.common_name = "old",
                             .names = {},
                             .use = testing::Use::Client,
                             .begins = -std::chrono::hours(48),
                             .ends = -std::chrono::hours(24)});
  mount.bundle(old.bundle(""));

  fails(file("bundle.p12") + ": client certificate 'old' expired at " +
        rfc3339(validityOf(*old.x509()).not_after) + ": renew it");
}

}  // namespace
}  // namespace postern::tls
