#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "config/target.h"
#include "credentials/secret_file.h"

namespace postern::credentials {

// Returns `database` unchanged, or with the settings from the files of its folder: host, port
// (3306), database, username, password (may be empty, not missing), query (Teleport's tables),
// ca.crt, and tls.crt with tls.key. Files with a default, and the three of TLS, may be missing.
// With ca.crt or tls.crt the connection is encrypted and the server verified. Removes one line end
// of a value. Never mixes files of two generations. Errors: CredentialSource, with the file and its
// key, never a value.
Result<config::MysqlCredentials> withFolder(const config::MysqlCredentials& database);

// The states of the mounted files that configure `database`.
std::vector<FileState> statesOf(const config::MysqlCredentials& database);

// The TLS files of a connection to `database`, for checks; those of its folder may all be missing.
// Not set: an unencrypted connection.
std::optional<config::Tls> tlsFilesOf(const config::MysqlCredentials& database);

}  // namespace postern::credentials
