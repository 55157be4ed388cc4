#include "credentials/mysql.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "integration/mysql_fixture.h"

namespace postern::credentials {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kPassword = " p;a=ss\"'\\ \xf0\x9f\x94\x91 ";  // 4-byte character inside

TEST_F(MysqlTest, ReadsTeleportsRow) {
  addRow("'admin', 'from row', 'key', 'Caf\u00e9 \xf0\x9f\x98\x80'");

  const auto credential = load(plain_);

  ASSERT_TRUE(credential) << credential.error().what;
  EXPECT_EQ(credential->username, "admin");
  EXPECT_EQ(credential->password.reveal(), "from row");
  EXPECT_EQ(credential->api_key.reveal(), "key");
  EXPECT_EQ(credential->company_name, "Caf\u00e9 \xf0\x9f\x98\x80");
}

TEST_F(MysqlTest, FindsARowByTeleportsLookup) {
  addRow("'admin', 'from row', NULL, NULL");
  sql("INSERT INTO whatsapp.lookups VALUES ('by-name', '44', '7418342132')");

  EXPECT_TRUE(load(plain_, "by-name"));
}

TEST_F(MysqlTest, SendsAndReadsPasswordsOfAnyShape) {
  sql("CREATE OR REPLACE USER odd IDENTIFIED BY ' p;a=ss\"''\\\\ \xf0\x9f\x94\x91 '");
  sql("GRANT SELECT ON whatsapp.* TO odd");
  addRow("'admin', ' p;a=ss\"''\\\\ \xf0\x9f\x94\x91 ', NULL, NULL");
  plain_.user = "odd";
  plain_.password = Secret();
  plain_.password_file = database_->folder.write("password", std::string(kPassword) + "\n");

  const auto credential = load(plain_);

  ASSERT_TRUE(credential) << credential.error().what;
  EXPECT_EQ(credential->password.reveal(), kPassword);
}

TEST_F(MysqlTest, ReadsThePasswordFileAtEachLoad) {
  addRow("'admin', 'from row', NULL, NULL");
  plain_.password = Secret();
  plain_.password_file = database_->folder.path() / "rotating";
  MysqlSource source(plain_, "447418342132");
  const auto loads = [&] { return source.load(deadlineIn(std::chrono::seconds(20))); };

  const auto missing = loads();
  database_->folder.write("rotating", "old");
  const auto old = loads();
  database_->folder.write("rotating", "plain;secret");
  const auto renewed = loads();

  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, Fault::CredentialSource);
  EXPECT_THAT(missing.error().what, HasSubstr("rotating does not exist"));
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().fault, Fault::LoginRejected);
  EXPECT_TRUE(renewed);
}

TEST_F(MysqlTest, BindsTheTargetsNameAndNeverPastesIt) {
  addRow("'admin', 'from row', NULL, NULL");

  for (const std::string target : {"x' OR '1'='1", "x\" OR 1=1 -- ", "%", "\\' OR 1=1 #"}) {
    SCOPED_TRACE(target);
    EXPECT_THAT(refusal(plain_, Fault::NoCredential, target), HasSubstr("no row for target"));
  }
}

TEST_F(MysqlTest, NeedsOneRowWithValues) {
  const auto refuses = [&](const std::string& values, const std::string& error_text) {
    SCOPED_TRACE(values);
    sql("DELETE FROM whatsapp.whatsapp_config");
    addRow(values);
    EXPECT_THAT(refusal(plain_, Fault::NoCredential),
                AllOf(HasSubstr("target 447418342132"), HasSubstr(error_text)));
  };

  refuses("NULL, NULL, NULL, 'ACME'", "has no username");
  refuses("'', 'secret', NULL, 'ACME'", "has no username");
  refuses("NULL, 'secret', NULL, 'ACME'", "has no username");
  refuses("'admin', NULL, NULL, 'ACME'", "has no password");
  refuses("'admin', '', '', 'ACME'", "has no password");
  refuses("'a:b', 'secret', NULL, 'ACME'", "the username holds a colon");
  refuses("'a\\nb', 'secret', NULL, 'ACME'", "the username holds a line end");
  refuses("NULL, NULL, 'secret\\r\\nX: y', 'ACME'", "the api_key holds a line end");

  addRow("'another', 'secret', NULL, NULL");
  EXPECT_THAT(refusal(plain_, Fault::CredentialSource), HasSubstr("returned 2 rows"));
}

TEST_F(MysqlTest, ReadsAnOwnQuerysColumnsByName) {
  sql("INSERT INTO whatsapp.whatsapp_config (country, phone, username, data) "
      "VALUES ('', '42', 'admin', REPEAT('x', 70000))");
  const auto reads = [&](const std::string& query, const std::string& username,
                         const std::string& password, const std::string& api_key) {
    SCOPED_TRACE(query);
    plain_.query = query;
    const auto credential = load(plain_, "42");
    ASSERT_TRUE(credential) << credential.error().what;
    EXPECT_EQ(credential->username, username);
    EXPECT_EQ(credential->password.reveal(), password);
    EXPECT_EQ(credential->api_key.reveal(), api_key);
  };

  const std::string row = " FROM DUAL WHERE ? = '42'";
  // Order and case
  reads("SELECT 'c' AS company_name, 'k' AS api_key, 'p' AS password, 'u' AS username" + row, "u",
        "p", "k");
  reads("SELECT 'p' AS Password, 'u' AS USERNAME" + row, "u", "p", "");
  // Missing columns, and unknown ones
  reads("SELECT 'k' AS api_key" + row, "", "", "k");
  reads("SELECT 1 AS id, 'k' AS api_key, NOW() AS created" + row, "", "", "k");
  // Types
  reads("SELECT 7 AS username, CAST('p' AS BINARY) AS password" + row, "7", "p", "");
  reads("SELECT username, data AS password FROM whatsapp_config WHERE phone = ?", "admin",
        std::string(70'000, 'x'), "");
  // Characters that Poco or the server might interpret
  reads("SELECT '%s ;' AS username, 'p' AS password" + row, "%s ;", "p", "");
}

TEST_F(MysqlTest, RefusesColumnsThatItCannotRead) {
  sql("CREATE OR REPLACE TABLE whatsapp.unusual (created TIMESTAMP, long_text LONGTEXT)");
  sql("INSERT INTO whatsapp.unusual (long_text) VALUES ('key')");

  for (const std::string columns : {"long_text AS api_key", "'k' AS api_key, NULL AS id",
                                    "'k' AS api_key, created", "'k' AS api_key, long_text"}) {
    SCOPED_TRACE(columns);
    plain_.query = "SELECT " + columns + " FROM unusual WHERE ? = '42'";
    EXPECT_THAT(refusal(plain_, Fault::CredentialSource, "42"), HasSubstr("not LONGTEXT"));
  }
}

TEST_F(MysqlTest, ReadsAViewOfItsOwnRowOnly) {
  addRow("'admin', 'from row', NULL, 'ACME'");
  sql("INSERT INTO whatsapp.whatsapp_config (country, phone, username, password) "
      "VALUES ('49', '1', 'other', 'row')");
  sql("CREATE OR REPLACE SQL SECURITY DEFINER VIEW whatsapp.postern AS "
      "SELECT CONCAT(country, phone) AS number, username, password, api_key, company_name "
      "FROM whatsapp.whatsapp_config "
      "WHERE CONCAT(country, phone) = SUBSTRING_INDEX(USER(), '@', 1)");
  sql("CREATE OR REPLACE USER '447418342132' IDENTIFIED BY 'own'");
  sql("GRANT SELECT ON whatsapp.postern TO '447418342132'");
  plain_.user = "447418342132";
  plain_.password = Secret("own");
  plain_.query = "SELECT username, password, api_key, company_name FROM postern WHERE number = ?";

  const auto own = load(plain_);

  ASSERT_TRUE(own) << own.error().what;
  EXPECT_EQ(own->username, "admin");
  EXPECT_THAT(refusal(plain_, Fault::NoCredential, "491"), HasSubstr("no row for target 491"));
  plain_.query.clear();
  EXPECT_THAT(refusal(plain_, Fault::LoginRejected), HasSubstr("1142"));
}

TEST_F(MysqlTest, SaysWhatToMend) {
  const auto says = [&](auto change, Fault fault, const std::string& code,
                        const std::string& remedy) {
    SCOPED_TRACE(code);
    auto database = plain_;
    change(database);
    EXPECT_THAT(refusal(database, fault), AllOf(HasSubstr(code), HasSubstr(remedy)));
  };
  const auto query = [](const char* text) {
    return [text](config::MysqlCredentials& database) { database.query = text; };
  };

  // Denied
  says([](auto& database) { database.password = Secret("wrong secret"); }, Fault::LoginRejected,
       "1045", "check user, password");
  says([](auto& database) { database.database = "mysql"; }, Fault::LoginRejected, "1044", "grant");
  sql("CREATE OR REPLACE USER local IDENTIFIED VIA unix_socket");
  says([](auto& database) { database.user = "local"; }, Fault::LoginRejected, "1698",
       "accepts no password");
  // The config
  says(
      [](auto& database) {
        database.user = "root";
        database.password = Secret();
        database.database = "absent";
      },
      Fault::CredentialSource, "1049", "no such database");
  says(query("SELECT ? AS username FROM absent"), Fault::CredentialSource, "1146", "no such table");
  says(query("SELECT absent AS username, ? AS password FROM lookups"), Fault::CredentialSource,
       "1054", "does not know the column");
  says(query("SELEKT 'secret', ?"), Fault::CredentialSource, "1064", "syntax error");
  says(query("DO ?"), Fault::CredentialSource, "", "the query's columns cannot be read");
  // The network
  says([](auto& database) { database.host = "absent.invalid"; }, Fault::CredentialSource, "2005",
       "has no address");
}

TEST_F(MysqlTest, SaysThatTheServerIsDownAndReadsAgainOnceItIsBack) {
  addRow("'admin', 'from row', NULL, NULL");
  database_->server.stop();

  const auto said = refusal(plain_, Fault::CredentialSource);
  database_->server.start();

  EXPECT_THAT(said, HasSubstr("cannot be reached"));
  EXPECT_TRUE(load(plain_));
}

// Accepts connections and sends nothing.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(fd_); }
  std::uint16_t port() const { return port_; }

 private:
  const int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
};

TEST_F(MysqlTest, LeavesASilentServerAtTheDeadline) {
  const SilentServer silent;
  plain_.host = "127.0.0.1";
  plain_.port = silent.port();
  MysqlSource source(plain_, "447418342132");

  const auto begin = std::chrono::steady_clock::now();
  const auto first = source.load(deadlineIn(std::chrono::milliseconds(200)));
  const auto second = source.load(deadlineIn(std::chrono::seconds(20)));  // waits for the first
  const auto took = std::chrono::steady_clock::now() - begin;

  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().fault, Fault::CredentialSource);
  EXPECT_THAT(first.error().what, HasSubstr("no answer in time"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::CredentialSource);
  EXPECT_LT(took, std::chrono::seconds(4));
}

TEST_F(MysqlTest, StartsAgainWhenNobodyWaitedForTheLastAnswer) {
  addRow("'admin', 'from row', NULL, NULL");
  MysqlSource source(plain_, "447418342132");

  // Some of these give up before their answer arrives, and get an outdated one next time.
  for (int i = 0; i < 200; ++i) {
    const auto early = source.load(deadlineIn(std::chrono::milliseconds(i % 4)));
    if (!early) {
      EXPECT_EQ(early.error().fault, Fault::CredentialSource);
    }
  }
  // The load still in progress keeps its short timeout, and may fail.
  (void)source.load(deadlineIn(std::chrono::seconds(20)));
  const auto credential = source.load(deadlineIn(std::chrono::seconds(20)));

  EXPECT_TRUE(credential) << credential.error().what;
}

TEST_F(MysqlTest, LeavesNoConnectionOpen) {
  addRow("'admin', 'from row', NULL, NULL");
  const auto connections = [] {
    return database_->server.firstColumn(
        "SELECT user FROM information_schema.processlist WHERE user IN ('plain', 'x509')");
  };

  ASSERT_TRUE(load(plain_));
  ASSERT_TRUE(load(withCertificate()));
  ASSERT_FALSE(load(plain_, "absent"));

  // The server needs a moment to notice the closed connection.
  const auto deadline = deadlineIn(std::chrono::seconds(10));
  while (!connections().empty() && remaining(deadline).count() > 0) continue;
  EXPECT_THAT(connections(), IsEmpty());
}

TEST_F(MysqlTest, ReadsTheDatabaseOfAMountedFolderAgainEachTime) {
  addRow("'admin', 'pw', NULL, NULL");
  const testing::TemporaryFolder mount;
  config::MysqlCredentials named;
  named.directory = mount.path();
  MysqlSource source(named, "447418342132");
  const auto load = [&] { return source.load(deadlineIn(std::chrono::seconds(20))); };
  auto read = load();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, Fault::CredentialSource);
  EXPECT_THAT(read.error().what, HasSubstr((mount.path() / "host").string()));

  mount.write("host", "localhost\n");
  mount.write("port", std::to_string(plain_.port));
  mount.write("database", "whatsapp");
  mount.write("username", "plain");
  mount.write("password", "wrong");
  EXPECT_TRUE(source.moved());
  read = load();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, Fault::LoginRejected);
  EXPECT_FALSE(source.moved());

  mount.write("password", "plain;secret\n");
  EXPECT_TRUE(source.moved());
  read = load();
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->username, "admin");
  mount.write("ca.crt", "");
  std::filesystem::copy_file(database_->folder.path() / "ca.crt", mount.path() / "ca.crt",
                             std::filesystem::copy_options::overwrite_existing);
  read = load();
  ASSERT_TRUE(read) << "encrypted: " << read.error().what;
}

}  // namespace
}  // namespace postern::credentials
