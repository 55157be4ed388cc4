#pragma once

#include <string>

#include "config/target.h"
#include "credentials/source.h"

namespace postern::credentials {

// Reads one row from MySQL or MariaDB. A connection lives only while load() runs. With
// `tls` in the config the connection is encrypted, the server's certificate and host name
// are verified and our client certificate is shown, or load() fails: it asks the server
// for Ssl_cipher and refuses an empty one.
class MysqlSource final : public Source {
 public:
  // `target` is bound to the query's `?`.
  MysqlSource(config::MysqlCredentials database, std::string target);

  Result<Credential> load(Deadline deadline) override;
  std::string_view name() const override { return "mysql"; }

 private:
  config::MysqlCredentials database_;
  std::string target_;
};

}  // namespace postern::credentials
