// The TLS files of a database are checked before the driver reads them, as its errors say little.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials/mysql.h"
#include "fakes/certificates.h"

namespace postern::credentials {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Identity;
using testing::makeAuthority;
using testing::makeClient;
using ::testing::Not;

TEST(MysqlFilesTest, NamesTheFileAndWhatIsWrongWithItAndAsksNobody) {
  const testing::TemporaryFolder folder;
  const Identity ca = makeAuthority();
  const Identity client = makeClient(ca);
  const Identity old = ca.issue({.common_name = "old",
                                 .use = testing::Use::Client,
                                 .begins = -std::chrono::hours(48),
                                 .ends = -std::chrono::hours(24)});
  struct Case {
    std::string ca, cert, key;
    std::string words;
  };
  const std::vector<Case> cases = {
      {"  " + ca.certificate(), client.certificate(), client.key(),
       "/ca.crt: the certificate at line 1 is indented"},
      {ca.certificate(), client.key(), client.key(),
       "/tls.crt: holds a private key and no certificate"},
      {ca.certificate(), client.certificate(), makeClient(ca).key(),
       "/tls.key: the key does not match the certificate 'scraper'"},
      {ca.certificate(), old.certificate(), old.key(),
       "/tls.crt: client certificate 'old' expired at "},
      {ca.certificate(), client.certificate(), client.encryptedKey("hunter2"),
       "/tls.key: the key is encrypted, and its password is not set"},
      {"", client.certificate(), client.key(), "/ca.crt: is empty"},
  };
  for (const auto& [authority, cert, key, words] : cases) {
    config::MysqlCredentials database;
    database.host = "localhost";
    database.port = 1;
    database.database = "whatsapp";
    database.user = "postern";
    auto& tls = database.tls.emplace();
    tls.ca_file = folder.write("ca.crt", authority);
    tls.cert_file = folder.write("tls.crt", cert);
    tls.key_file = folder.write("tls.key", key);
    MysqlSource source(database, "target");
    const auto credential = source.load(deadlineIn(std::chrono::seconds(20)));
    ASSERT_FALSE(credential) << words;
    EXPECT_EQ(credential.error().fault, Fault::CredentialSource);
    EXPECT_THAT(credential.error().what, AllOf(HasSubstr("mysql localhost:1 "), HasSubstr(words),
                                               Not(HasSubstr("swapped"))));
  }
}

}  // namespace
}  // namespace postern::credentials
