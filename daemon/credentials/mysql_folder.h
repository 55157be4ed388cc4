#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "config/target.h"
#include "credentials/secret_file.h"

namespace postern::credentials {

// `database` as it is, or what the files of its folder say: host, port (3306), database, username,
// password (may be empty, not missing), query (Teleport's tables), ca.crt, and tls.crt with
// tls.key; those with a default, and the three of TLS, may be missing. With ca.crt or tls.crt there
// the connection is encrypted and the server verified. One line end is not part of a value. Files
// of two generations are never mixed. Errors: CredentialSource, which names the file and its key,
// and never a value.
Result<config::MysqlCredentials> withFolder(const config::MysqlCredentials& database);

// Of the mounted files that say how `database` is asked.
std::vector<FileState> statesOf(const config::MysqlCredentials& database);

// The files of TLS that a connection to `database` takes, to check them; all those of its folder
// may be missing. None: it is a plain connection.
std::optional<config::Tls> tlsFilesOf(const config::MysqlCredentials& database);

}  // namespace postern::credentials
