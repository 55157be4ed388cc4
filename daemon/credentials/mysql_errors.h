#pragma once

#include <string>

#include "base/result.h"
#include "config/target.h"
#include "credentials/mysql_tls.h"

namespace postern::credentials {

// "mysql db:3306 (database billing, user postern)": the database, for messages. For a folder that
// is not read yet: "mysql (of folder /mysql)".
std::string nameOf(const config::MysqlCredentials& database);

// The meaning of the database's or the driver's error code, and what to do. Never quotes their
// text, which may contain a secret. `check` is used for 2026 (TLS). Errors: LoginRejected when
// access is denied, else CredentialSource.
Error explainMysql(const config::MysqlCredentials& database, unsigned int code, TlsCheck check);

}  // namespace postern::credentials
