#include "credentials/mysql.h"

#include <Poco/Data/LOB.h>
#include <Poco/Data/MySQL/Connector.h>
#include <Poco/Data/RecordSet.h>
#include <Poco/Data/Session.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <new>
#include <optional>
#include <utility>

#include "base/detached_thread.h"
#include "base/mutex.h"
#include "base/text.h"
#include "credentials/mysql_errors.h"
#include "credentials/mysql_folder.h"
#include "credentials/mysql_tls.h"
#include "credentials/secret_file.h"
#include "credentials/validate.h"
#include "tls/material.h"

namespace postern::credentials {
namespace {

using namespace Poco::Data::Keywords;
using Poco::Data::RecordSet;
using Poco::Data::Session;
using std::chrono::seconds;

constexpr seconds kPatience{5};

// No settings of the config, which MysqlOpening passes. Poco refuses a string without a user.
constexpr const char* kConnectionString = "user=postern;character-set=utf8mb4";

void registerOnce() {
  static std::once_flag once;
  std::call_once(once, [] { Poco::Data::MySQL::Connector::registerConnector(); });
}

// Poco 1.11 has the error's code only in its text: "...errno]: 1146\t...". 0 when the text has
// none.
unsigned int codeIn(const Poco::Exception& exception) {
  constexpr std::string_view mark = "errno]: ";
  const std::string& text = exception.message();
  const auto at = text.find(mark);
  unsigned int code = 0;
  if (at != std::string::npos) {
    std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), code);
  }
  return code;
}

Error sourceFailed(const config::MysqlCredentials& database, Error error) {
  error.fault = Fault::CredentialSource;
  return withContext(nameOf(database), std::move(error));
}

Result<Secret> readPassword(const config::MysqlCredentials& database, const config::Path& file) {
  auto password = readSecretFile(file);
  if (password) return password;
  return sourceFailed(database, std::move(password).error());
}

Result<Secret> passwordOf(const config::MysqlCredentials& database) {
  if (database.password_file.empty()) return database.password;
  return readPassword(database, database.password_file);
}

Result<Secret> keyPasswordOf(const config::MysqlCredentials& database) {
  if (!database.tls || database.tls->key_password_file.empty()) return Secret();
  return readPassword(database, database.tls->key_password_file);
}

// The driver reads the files itself and reports their problems poorly.
Result<void> checkTlsFiles(const config::MysqlCredentials& database) {
  const auto files = tlsFilesOf(database);
  if (!files) return {};
  const auto material = tls::Material::load(*files, std::chrono::system_clock::now());
  if (material) return {};
  return sourceFailed(database, material.error());
}

std::string cipherOf(Session& session) {
  std::string variable, cipher;
  session << "SHOW SESSION STATUS LIKE 'Ssl_cipher'", into(variable), into(cipher), now;
  return cipher;
}

// The row's text without changes; "" for NULL. TEXT columns arrive as BLOB.
Secret textAt(RecordSet& rows, std::size_t column) {
  if (rows.isNull(rows.columnName(column))) return Secret();
  const Poco::Dynamic::Var value = rows.value(column, 0);
  if (value.type() == typeid(Poco::Data::BLOB)) {
    const auto& blob = value.extract<Poco::Data::BLOB>();
    return Secret({reinterpret_cast<const char*>(blob.rawContent()), blob.size()});
  }
  auto text = value.convert<std::string>();
  Secret secret(text);
  wipeBytes(text.data(), text.size());
  return secret;
}

Credential credentialFrom(RecordSet& rows) {
  Credential credential;
  rows.moveFirst();
  for (std::size_t column = 0; column < rows.columnCount(); ++column) {
    const auto named = [&](const char* name) {
      return equalsIgnoringCase(rows.columnName(column), name);
    };
    if (named("username")) {
      credential.username = textAt(rows, column).reveal();
    } else if (named("password")) {
      credential.password = textAt(rows, column);
    } else if (named("api_key")) {
      credential.api_key = textAt(rows, column);
    } else if (named("company_name")) {
      credential.company_name = textAt(rows, column).reveal();
    }
  }
  return credential;
}

Error sourceFailed(const config::MysqlCredentials& database, const std::string& what) {
  return withRemedy(Fault::CredentialSource, fmt::format("{}: {}", nameOf(database), what));
}

Error noCredential(const config::MysqlCredentials& database, const std::string& what) {
  return withRemedy(Fault::NoCredential, fmt::format("{}: {}", nameOf(database), what));
}

Result<Credential> readRow(Session& session, const config::MysqlCredentials& database,
                           std::string target) {
  Poco::Data::Statement select(session);
  select << (database.query.empty() ? std::string(kTeleportQuery) : database.query), use(target),
      limit(2);
  select.execute();
  RecordSet rows(select);
  if (rows.rowCount() == 0) {
    return noCredential(
        database,
        fmt::format("the query returned no row for target {}: add it, or correct the target's name",
                    target));
  }
  if (rows.rowCount() > 1) {
    return sourceFailed(
        database,
        fmt::format(
            "the query returned 2 rows for target {}, expected one: correct query or the table",
            target));
  }
  const auto credential = credentialFrom(rows);
  const auto row = "the row of target " + target;
  if (const auto field = missingField(credential); !field.empty()) {
    return noCredential(
        database,
        fmt::format("{} has no {} (NULL, empty or not selected): fill it in", row, field));
  }
  if (const auto why = forbiddenBytes(credential, database.colon_allowed)) {
    return noCredential(database, fmt::format("{}: {}: correct it", row, *why));
  }
  return credential;
}

Result<Credential> connectAndRead(const config::MysqlCredentials& database,
                                  const std::string& target, const MysqlOpening& opening,
                                  Deadline deadline, seconds patience) {
  Session session("MySQL", kConnectionString, static_cast<std::size_t>(patience.count()));
  if (!opening.used()) {
    return sourceFailed(database,
                        "this program was linked without -rdynamic, so no connection can be "
                        "secured: build it again");
  }
  if (database.tls && cipherOf(session).empty()) {
    return sourceFailed(database, "the connection is not encrypted although tls_config is set");
  }
  if (remaining(deadline).count() == 0) return explainMysql(database, 2013, TlsCheck::None);
  return readRow(session, database, target);
}

// The border to Poco::Data, which throws. The texts of its exceptions are not passed on.
Result<Credential> ask(const config::MysqlCredentials& named, const std::string& target,
                       Deadline deadline) {
  registerOnce();
  TRY(const auto database, withFolder(named));
  TRY_VOID(checkTlsFiles(named));
  TRY(const auto password, passwordOf(database));
  TRY(const auto key_password, keyPasswordOf(database));
  const auto patience =
      std::clamp(std::chrono::ceil<seconds>(remaining(deadline)), seconds(1), kPatience);
  const MysqlOpening opening(database, password, key_password, patience);
  try {
    return connectAndRead(database, target, opening, deadline, patience);
  } catch (const Poco::Exception& e) {
    const auto code = opening.error() != 0 ? opening.error() : codeIn(e);
    if (code != 0) return explainMysql(database, code, opening.failedCheck());
  } catch (const std::bad_alloc&) {  // no memory for the longest value that a column may contain
  }
  return sourceFailed(database,
                      "the query's columns cannot be read: select username, password, api_key and "
                      "company_name only, as VARCHAR or TEXT (not LONGTEXT)");
}

}  // namespace

struct MysqlSource::Exchange {
  Mutex mutex;
  std::condition_variable end;
  std::optional<Result<Credential>> result GUARDED_BY(mutex);  // set when the exchange has ended
  bool ended();
};

MysqlSource::MysqlSource(config::MysqlCredentials database, std::string target)
    : database_(std::move(database)), target_(std::move(target)), files_(statesOf(database_)) {}

bool MysqlSource::Exchange::ended() {
  const MutexLock lock(mutex);
  return result.has_value();
}

bool MysqlSource::begin(Deadline deadline) {
  auto exchange = std::make_shared<Exchange>();
  const bool started =
      startDetachedThread([exchange, database = database_, target = target_, at = deadline.at()] {
        auto result = ask(database, target, at);
        const MutexLock lock(exchange->mutex);
        exchange->result = std::move(result);
        exchange->end.notify_all();
      });
  if (!started) return false;
  exchange_ = std::move(exchange);
  return true;
}

bool MysqlSource::moved() const {
  return statesOf(database_) != files_;
}

Result<Credential> MysqlSource::load(Deadline deadline) {
  files_ = statesOf(database_);
  if (exchange_ && exchange_->ended())
    exchange_.reset();  // ended without a waiter: its result is
                        // old
  if (!exchange_ && !begin(deadline)) {
    return sourceFailed(database_, "no thread can be started: raise the limit of processes");
  }
  MutexLock lock(exchange_->mutex);
  // Earlier than most scrapers' timeouts, so that they get this error.
  const auto until = deadline.cappedAt(deadlineIn(kPatience));
  if (!exchange_->end.wait_until(lock.native(), until.at(), [&]() REQUIRES(exchange_->mutex) {
        return exchange_->result.has_value();
      })) {
    return sourceFailed(database_,
                        "no answer in time: check that host and port are right and that the "
                        "server is healthy");
  }
  auto result = *std::move(exchange_->result);
  lock.unlock();
  exchange_.reset();
  return result;
}

}  // namespace postern::credentials
