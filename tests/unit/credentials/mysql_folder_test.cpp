#include "credentials/mysql_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "fakes/certificates.h"
#include "tls/material.h"

namespace postern::credentials {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MysqlFolderTest : public ::testing::Test {
 protected:
  MysqlFolderTest() { database.directory = folder.path(); }
  void writeNeeded() const {
    folder.write("host", "db.example\n");
    folder.write("database", "whatsapp\n");
    folder.write("username", "postern\n");
    folder.write("password", "pass;word\n");
  }
  // The reason of the refusal, without the wrong value.
  std::string refusal() const {
    const auto read = withFolder(database);
    if (read) return "nothing is wrong";
    EXPECT_EQ(read.error().fault, Fault::CredentialSource);
    EXPECT_THAT(read.error().what, Not(HasSubstr("secret-value")));
    return read.error().what;
  }
  std::string errorTextOf(const std::string& name, const std::string& what) const {
    return (folder.path() / name).string() + " " + what + ": correct the key " + name +
           " of the secret that is mounted there";
  }

  testing::TemporaryFolder folder;
  config::MysqlCredentials database;
};

TEST_F(MysqlFolderTest, ReadsWhatIsNeededAndKeepsTheDefaultsOfTheRest) {
  writeNeeded();
  database.refresh_interval = config::seconds(7);
  const auto read = withFolder(database);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->host, "db.example");
  EXPECT_EQ(read->port, 3306);
  EXPECT_EQ(read->database, "whatsapp");
  EXPECT_EQ(read->user, "postern");
  EXPECT_EQ(read->password.reveal(), "pass;word");
  EXPECT_EQ(read->query, "");
  EXPECT_EQ(read->refresh_interval, config::seconds(7));
  EXPECT_FALSE(read->tls) << "nothing names the CA that verifies the server";
}

TEST_F(MysqlFolderTest, ReadsAllThatMayBeThere) {
  writeNeeded();
  folder.write("port", "3307\n");
  folder.write("password", "");
  folder.write("query", "SELECT username, password\nFROM account WHERE name = ?\n");
  folder.write("ca.crt", "ca");
  folder.write("tls.crt", "certificate");
  folder.write("tls.key", "key");
  const auto read = withFolder(database);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->port, 3307);
  EXPECT_TRUE(read->password.empty()) << "an account without one";
  EXPECT_EQ(read->query, "SELECT username, password\nFROM account WHERE name = ?");
  EXPECT_EQ(read->tls->ca_file, folder.path() / "ca.crt");
  EXPECT_EQ(read->tls->cert_file, folder.path() / "tls.crt");
  EXPECT_EQ(read->tls->key_file, folder.path() / "tls.key");
}

TEST_F(MysqlFolderTest, NamesTheFileAndTheKeyThatAreMissing) {
  EXPECT_EQ(refusal(), errorTextOf("host", "is missing"));
  writeNeeded();
  std::filesystem::remove(folder.path() / "password");
  EXPECT_EQ(refusal(), errorTextOf("password", "is missing"));
  database.directory = folder.path() / "none";
  EXPECT_EQ(refusal(), "the folder " + database.directory.string() +
                           " does not exist: mount a secret with host, database, username and "
                           "password there");
}

TEST_F(MysqlFolderTest, RefusesWhatCannotBeMeant) {
  const auto refuses = [&](const std::string& name, const std::string& value,
                           const std::string& what) {
    writeNeeded();
    const auto file = folder.write(name, value);
    EXPECT_EQ(refusal(), errorTextOf(name, what));
    std::filesystem::remove(file);
  };
  refuses("host", "secret-value:1", "is not a host, expected a name or an address without a port");
  refuses("port", "secret-value", "is not a port, expected 1 to 65535");
  refuses("port", "0", "is not a port, expected 1 to 65535");
  refuses("database", "secret-value;",
          "holds a semicolon or an outer space, expected a name without them");
  refuses("username", "secret-\x01value", "holds a control character");
  refuses("query", "SELECT 'secret-value'",
          "does not hold exactly one ?, expected it where the target's name belongs");
  writeNeeded();
  folder.write("host", "\n");
  EXPECT_THAT(refusal(), HasSubstr("host is empty"));
}

TEST_F(MysqlFolderTest, KnowsWhenAFileHasChanged) {
  writeNeeded();
  const auto before = statesOf(database);
  EXPECT_EQ(statesOf(database), before);
  folder.write("port", "3307");
  EXPECT_NE(statesOf(database), before);

  config::MysqlCredentials by_file;
  by_file.password_file = folder.path() / "password";
  const auto of_password = statesOf(by_file);
  std::filesystem::remove(by_file.password_file);
  EXPECT_NE(statesOf(by_file), of_password);
}

TEST_F(MysqlFolderTest, KnowsWhenAFileOfTlsHasChanged) {
  config::MysqlCredentials by_file;
  auto& tls = by_file.tls.emplace();
  for (auto* const file :
       {&tls.ca_file, &tls.crl_file, &tls.cert_file, &tls.key_file, &tls.key_password_file}) {
    const auto before = statesOf(by_file);
    *file = folder.write("file" + std::to_string(before.size()), "old");
    const auto named = statesOf(by_file);
    EXPECT_NE(named, before);
    folder.write(*file, "new and longer");
    EXPECT_NE(statesOf(by_file), named);
  }
}

TEST_F(MysqlFolderTest, NamesTheFilesOfTlsOfWhichAllMayBeMissing) {
  EXPECT_FALSE(tlsFilesOf(config::MysqlCredentials()));
  const auto files = tlsFilesOf(database);
  ASSERT_TRUE(files);
  EXPECT_EQ(files->ca_file, folder.path() / "ca.crt");
  const auto now = std::chrono::system_clock::now();
  EXPECT_TRUE(tls::Material::load(*files, now)) << "a plain connection";

  const auto authority = testing::makeAuthority();
  const auto client = testing::makeClient(authority);
  folder.write("ca.crt", authority.certificate());
  folder.write("tls.crt", client.certificate());
  folder.write("tls.key", client.key());
  const auto material = tls::Material::load(*files, now);
  ASSERT_TRUE(material) << material.error().what;
  EXPECT_TRUE((*material)->clientValidity());
  EXPECT_TRUE((*material)->caValidity());
}

}  // namespace
}  // namespace postern::credentials
