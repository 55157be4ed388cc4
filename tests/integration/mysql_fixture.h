#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "credentials/mysql.h"
#include "fakes/certificates.h"
#include "fakes/mariadb.h"

namespace postern::credentials {

// The server with the used columns of Teleport's two tables, and the accounts of the tests.
struct Database {
  const testing::Identity authority = testing::makeAuthority();
  const testing::Identity client = testing::makeClient(authority, "postern");
  const testing::Identity certificate = testing::makeServer(authority, {"localhost"});
  testing::MariaDb server{certificate, authority};
  testing::TemporaryFolder folder;

  Database() {
    for (const std::string sql : {
             "CREATE DATABASE whatsapp CHARACTER SET utf8mb4",
             "CREATE TABLE whatsapp.lookups (number VARCHAR(24), country VARCHAR(4), "
             "phone VARCHAR(20))",
             "CREATE TABLE whatsapp.whatsapp_config (country VARCHAR(4) NOT NULL, "
             "phone VARCHAR(20) NOT NULL, username VARCHAR(45), password VARCHAR(45), "
             "data MEDIUMTEXT, api_key VARCHAR(50), company_name VARCHAR(45))",
             "CREATE USER plain IDENTIFIED BY 'plain;secret'",
             "CREATE USER x509 IDENTIFIED BY 'x509secret' REQUIRE X509",
             "CREATE USER nothing IDENTIFIED BY 'nothing'",
             "GRANT SELECT ON whatsapp.* TO plain",
             "GRANT SELECT ON whatsapp.* TO x509",
             "GRANT USAGE ON *.* TO nothing",
         }) {
      server.execute(sql);
    }
    folder.write("ca.crt", authority.certificate());
    folder.write("tls.crt", client.certificate());
    folder.write("tls.key", client.key());
    folder.write("other-ca.crt", testing::makeAuthority("Other CA").certificate());
  }
};

class MysqlTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { database_ = std::make_unique<Database>(); }
  static void TearDownTestSuite() { database_.reset(); }

  MysqlTest() {
    sql("DELETE FROM whatsapp.lookups");
    sql("DELETE FROM whatsapp.whatsapp_config");
    plain_.host = "localhost";
    plain_.port = database_->server.port();
    plain_.database = "whatsapp";
    plain_.user = "plain";
    plain_.password = Secret("plain;secret");
  }

  static void sql(const std::string& statement) { database_->server.execute(statement); }
  static void addRow(const std::string& values) {
    sql("INSERT INTO whatsapp.whatsapp_config (country, phone, username, password, api_key, "
        "company_name) VALUES ('44', '7418342132', " +
        values + ")");
  }

  config::MysqlCredentials withTls() const {
    auto database = plain_;
    database.tls.emplace();
    database.tls->ca_file = database_->folder.path() / "ca.crt";
    return database;
  }
  config::MysqlCredentials withCertificate() const {
    auto database = withTls();
    database.user = "x509";
    database.password = Secret("x509secret");
    database.tls->cert_file = database_->folder.path() / "tls.crt";
    database.tls->key_file = database_->folder.path() / "tls.key";
    return database;
  }

  static Result<Credential> load(const config::MysqlCredentials& database,
                                 const std::string& target = "447418342132") {
    return MysqlSource(database, target).load(deadlineIn(std::chrono::seconds(20)));
  }
  // Returns the error after checking its fault, and that it names the server and no secret.
  static std::string refusal(const config::MysqlCredentials& database, Fault fault,
                             const std::string& target = "447418342132") {
    const auto credential = load(database, target);
    EXPECT_FALSE(credential);
    if (credential) return "";
    EXPECT_EQ(credential.error().fault, fault) << credential.error().what;
    EXPECT_THAT(credential.error().what,
                ::testing::AllOf(::testing::StartsWith("mysql " + database.host + ":" +
                                                       std::to_string(database.port)),
                                 ::testing::HasSubstr("user " + database.user),
                                 ::testing::Not(::testing::HasSubstr("secret"))));
    return credential.error().what;
  }

  static inline std::unique_ptr<Database> database_;
  config::MysqlCredentials plain_;
};

}  // namespace postern::credentials
