#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace postern::credentials {

// What proves who we are. At least one of username with password, api_key and token is
// set, or with basic_auth one of username and password.
struct Credential {
  std::string username;
  Secret password;
  Secret api_key;
  Secret token;
  std::string company_name;  // for the label customer_name; may be empty
  bool operator==(const Credential&) const = default;
};

// Where credentials come from. Called by one thread at a time.
class Source {
 public:
  virtual ~Source() = default;
  // Errors: NoCredential (nothing there, or empty: says which file or row),
  // CredentialSource (cannot be asked; never quotes what a driver says, it may hold the
  // password), LoginRejected when the source itself denied us (the database's access denied).
  virtual Result<Credential> load(Deadline deadline) = 0;
  // The label `source` of the metrics: "file" or "mysql".
  virtual std::string_view name() const = 0;
  // Whether the files that say how it is asked are other ones than at the last load.
  virtual bool moved() const { return false; }
};

}  // namespace postern::credentials
