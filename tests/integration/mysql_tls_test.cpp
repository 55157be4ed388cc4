#include <dlfcn.h>

#include "integration/mysql_fixture.h"

namespace postern::credentials {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(MysqlTest, ReplacesTheDriversConnect) {
  Dl_info found{};
  ASSERT_NE(::dladdr(::dlsym(RTLD_DEFAULT, "mysql_real_connect"), &found), 0);

  EXPECT_THAT(found.dli_fname, Not(HasSubstr("libmariadb")));
}

TEST_F(MysqlTest, EncryptsWhenTlsIsSet) {
  const std::string cipher =
      "SELECT VARIABLE_VALUE AS username, 'p' AS password FROM information_schema.SESSION_STATUS "
      "WHERE VARIABLE_NAME = 'Ssl_cipher' AND ? <> ''";
  auto database = withTls();
  database.query = cipher;
  plain_.query = cipher;

  const auto encrypted = load(database);

  ASSERT_TRUE(encrypted) << encrypted.error().what;
  EXPECT_THAT(encrypted->username, StartsWith("TLS_"));
  EXPECT_THAT(refusal(plain_, Fault::NoCredential), HasSubstr("has no username"));
}

TEST_F(MysqlTest, ShowsItsCertificateToAServerThatRequiresOne) {
  addRow("'admin', 'from row', NULL, NULL");

  const auto credential = load(withCertificate());

  EXPECT_TRUE(credential) << credential.error().what;
}

TEST_F(MysqlTest, OpensAnEncryptedKeyWithItsPassword) {
  addRow("'admin', 'from row', NULL, NULL");
  const auto& folder = database_->folder;
  folder.write("encrypted.key", database_->client.encryptedKey("open sesame"));
  auto database = withCertificate();
  database.tls->key_file = folder.path() / "encrypted.key";

  EXPECT_THAT(refusal(database, Fault::CredentialSource),
              HasSubstr("the key is encrypted, and its password is not set"));
  database.tls->key_password_file = folder.write("key-password", "wrong\n");
  EXPECT_THAT(refusal(database, Fault::CredentialSource), HasSubstr("does not open the key"));
  folder.write("key-password", "open sesame\n");
  const auto credential = load(database);
  EXPECT_TRUE(credential) << credential.error().what;

  database.tls->key_password_file = folder.path() / "absent";
  EXPECT_THAT(refusal(database, Fault::CredentialSource), HasSubstr("absent: no such file"));
}

TEST_F(MysqlTest, SaysThatACertificateMayBeRequired) {
  const auto hint =
      HasSubstr("set tls_config, for the server may require TLS and a client certificate");
  auto without_tls = withCertificate();
  without_tls.tls.reset();
  auto without_certificate = withCertificate();
  without_certificate.tls->cert_file.clear();
  without_certificate.tls->key_file.clear();

  EXPECT_THAT(refusal(without_tls, Fault::LoginRejected), AllOf(HasSubstr("1045"), hint));
  EXPECT_THAT(refusal(without_certificate, Fault::LoginRejected), AllOf(HasSubstr("1045"), hint));
}

TEST_F(MysqlTest, RefusesAServerThatItCannotTrust) {
  auto unknown_ca = withTls();
  unknown_ca.tls->ca_file = database_->folder.path() / "other-ca.crt";
  auto system_roots = withTls();
  system_roots.tls->ca_file.clear();
  auto wrong_name = withTls();
  wrong_name.host = "127.0.0.1";  // the certificate is for localhost only
  auto missing_ca = withTls();
  missing_ca.tls->ca_file = database_->folder.path() / "absent.crt";

  const auto issuer = HasSubstr("an issuer that is not trusted");
  EXPECT_THAT(refusal(unknown_ca, Fault::CredentialSource), issuer);
  EXPECT_THAT(refusal(system_roots, Fault::CredentialSource), issuer);
  EXPECT_THAT(refusal(wrong_name, Fault::CredentialSource), HasSubstr("another host name"));
  EXPECT_THAT(refusal(missing_ca, Fault::CredentialSource), HasSubstr("absent.crt: no such file"));
}

TEST_F(MysqlTest, ChecksTheServersCertificateAgainstTheCrl) {
  addRow("'admin', 'from row', NULL, NULL");
  auto database = withTls();
  const auto publish = [&](const testing::WantedCrl& wanted) {
    database.tls->crl_file = database_->folder.write("crl.pem", database_->authority.crl(wanted));
  };
  const auto refuses = [&](const testing::WantedCrl& wanted) {
    publish(wanted);
    return refusal(database, Fault::CredentialSource);
  };

  publish({});
  const auto credential = load(database);
  EXPECT_TRUE(credential) << credential.error().what;
  EXPECT_THAT(refuses({.revoked = {database_->certificate}}),
              HasSubstr("a certificate that tls_config.crl_file lists as revoked"));
  EXPECT_THAT(refuses({.next_update = -std::chrono::minutes(1)}),
              HasSubstr("let tls_config.crl_file hold a current CRL of each CA of its chain"));
  database.tls->crl_file = database_->folder.path() / "absent.pem";
  EXPECT_THAT(refusal(database, Fault::CredentialSource), HasSubstr("absent.pem: no such file"));
}

TEST_F(MysqlTest, TakesTheServersNameFromSubjectAltNameOnly) {
  addRow("'admin', 'from row', NULL, NULL");
  const auto bare =
      database_->authority.issue({.common_name = "localhost", .use = testing::Use::Server});
  const auto& folder = database_->folder;
  const auto certificate = folder.write("bare.crt", bare.certificate());
  const auto key = folder.write("bare.key", bare.key());
  database_->server.stop();
  database_->server.start({"--ssl-cert=" + certificate.string(), "--ssl-key=" + key.string()});

  const auto said = refusal(withTls(), Fault::CredentialSource);
  database_->server.stop();
  database_->server.start();

  EXPECT_THAT(said, HasSubstr("another host name"));
  EXPECT_TRUE(load(withTls()));
}

TEST_F(MysqlTest, TriesEachAuthorityOfTheServersIssuerName) {
  addRow("'admin', 'from row', NULL, NULL");
  const auto& folder = database_->folder;
  const auto issued = database_->authority.issue({.common_name = "localhost",
                                                  .names = {"localhost"},
                                                  .use = testing::Use::Server,
                                                  .key_identifiers = false});
  const auto certificate = folder.write("issued.crt", issued.certificate());
  const auto key = folder.write("issued.key", issued.key());
  database_->server.stop();
  database_->server.start({"--ssl-cert=" + certificate.string(), "--ssl-key=" + key.string()});
  const auto other = testing::makeAuthority();  // of the same name, with another key
  auto database = withTls();
  for (const auto& authorities : {other.certificate() + database_->authority.certificate(),
                                  database_->authority.certificate() + other.certificate()}) {
    database.tls->ca_file = folder.write("authorities.crt", authorities);
    const auto credential = load(database);
    EXPECT_TRUE(credential) << credential.error().what;
  }
  database_->server.stop();
  database_->server.start();
}

TEST_F(MysqlTest, NeverFallsBackToPlainText) {
  database_->server.stop();
  database_->server.start({"--skip-ssl"});

  const auto said = refusal(withTls(), Fault::CredentialSource);
  database_->server.stop();
  database_->server.start();

  EXPECT_THAT(said, HasSubstr("offers no TLS"));
}

}  // namespace
}  // namespace postern::credentials
