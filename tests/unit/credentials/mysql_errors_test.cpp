#include "credentials/mysql_errors.h"

#include <gmock/gmock.h>

namespace postern::credentials {
namespace {

using ::testing::HasSubstr;

config::MysqlCredentials database(bool tls) {
  config::MysqlCredentials database;
  database.host = "db";
  database.database = "whatsapp";
  database.user = "postern";
  if (tls) database.tls.emplace();
  return database;
}

TEST(MysqlErrorsTest, SaysWhatToDoAboutEachCode) {
  struct Case {
    unsigned int code;
    bool tls;
    Fault fault;
    const char* words;
  };
  for (const Case& known : {
           Case{1045, true, Fault::LoginRejected, "denies access: check user, password"},
           Case{1045, false, Fault::LoginRejected,
                "set tls_config, because the server may require"},
           Case{3159, false, Fault::LoginRejected, "accepts only encrypted connections"},
           Case{2059, false, Fault::LoginRejected, "name their folder in MARIADB_PLUGIN_DIR"},
           Case{5010, false, Fault::CredentialSource,
                "asks for the password itself (caching_sha2_password, sha256_password or clear "
                "text), which a connection without TLS would reveal; the password was not "
                "sent: set tls_config (ca.crt in a mounted folder), or let the account use "
                "ed25519 or mysql_native_password"},
           Case{9999, false, Fault::CredentialSource, "failed: see the server's log"},
       }) {
    SCOPED_TRACE(known.code);
    const auto error = explainMysql(database(known.tls), known.code, TlsCheck::None);
    EXPECT_EQ(error.what.rfind("mysql db:3306 (database whatsapp, user postern) (error ", 0), 0U);
    EXPECT_THAT(error.what, HasSubstr(known.words));
    EXPECT_EQ(error.fault, known.fault);
  }
}

}  // namespace
}  // namespace postern::credentials
