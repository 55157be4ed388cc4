#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "config/login.h"

namespace postern::credentials {

// Headers that may hold a key, by name.
using SecretHeaders = std::vector<std::pair<std::string, Secret>>;

// Reads all values, those from files now. Removes spaces and line ends around them, like
// Prometheus. Errors: NoCredential (a file is missing, empty or contains a control character) and
// CredentialSource (it cannot be read), both with the header's name and without its value.
Result<SecretHeaders> readHeaders(const config::HttpHeaders& headers);

}  // namespace postern::credentials
