#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace postern::credentials {

// Identifies postern to the service. At least one of username with password, api_key and token is
// set; with basic_auth one of username and password is enough.
struct Credential {
  std::string username;
  Secret password;
  Secret api_key;
  Secret token;
  std::string company_name;  // for the label customer_name; may be empty
  bool operator==(const Credential&) const = default;
};

// A source of credentials. Called by one thread at a time.
class Source {
 public:
  virtual ~Source() = default;
  // Errors: NoCredential (missing or empty, with the file or row), CredentialSource (cannot be
  // read; never quotes a driver's text, which may contain the password), LoginRejected when the
  // source itself denies access (the database's access denied).
  virtual Result<Credential> load(Deadline deadline) = 0;
  // The label `source` of the metrics: "file" or "mysql".
  virtual std::string_view name() const = 0;
  // Whether the files that configure the source have changed since the last load.
  virtual bool moved() const { return false; }
};

}  // namespace postern::credentials
