#pragma once

#include <string>

#include "base/result.h"
#include "config/target.h"
#include "credentials/mysql_tls.h"

namespace postern::credentials {

// "mysql db:3306 (database whatsapp, user postern)": which database, in messages; that of a folder
// which has not been read is "mysql (of folder /mysql)".
std::string nameOf(const config::MysqlCredentials& database);

// What the database's or the driver's error code means and what to do. Never quotes their
// text, it may hold a secret. `check` counts for 2026 (TLS). Errors: LoginRejected when
// access is denied, else CredentialSource.
Error explainMysql(const config::MysqlCredentials& database, unsigned int code, TlsCheck check);

}  // namespace postern::credentials
