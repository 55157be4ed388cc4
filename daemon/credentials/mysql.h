#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/target.h"
#include "credentials/secret_file.h"
#include "credentials/source.h"

namespace postern::credentials {

// The default query: Teleport's two tables. Its `lookups` is filled lazily (number = country +
// phone), so a missing row there is allowed.
inline constexpr std::string_view kTeleportQuery =
    "SELECT DISTINCT c.username, c.password, c.api_key, c.company_name "
    "FROM whatsapp_config c "
    "LEFT JOIN lookups l ON l.country = c.country AND l.phone = c.phone "
    "WHERE COALESCE(l.number, CONCAT(c.country, c.phone)) = ?";

// Reads one row from MySQL or MariaDB.
//
// Each load reads a mounted folder that names the database, and the file of its password. A
// connection lives only during load(). With `tls` in the config the connection is encrypted, the
// server's certificate and host name are verified and the client certificate is sent, or load()
// fails: it queries the server's Ssl_cipher and refuses an empty one. Columns are matched by name:
// username, password, api_key, company_name, in any order. A missing column counts as not set.
class MysqlSource final : public Source {
 public:
  // `target` is bound to the `?` of the query.
  MysqlSource(config::MysqlCredentials database, std::string target);

  // Ends at the deadline, even if the name lookup or the server hangs. The exchange then continues
  // until the driver's own timeouts (5 s each) end it. The next load waits for it instead of
  // starting another.
  Result<Credential> load(Deadline deadline) override;
  std::string_view name() const override { return "mysql"; }
  bool moved() const override;

 private:
  struct Exchange;

  bool begin(Deadline deadline);  // false: no thread is available

  config::MysqlCredentials database_;
  std::string target_;
  std::vector<FileState> files_;        // states of the mounted files before the last load
  std::shared_ptr<Exchange> exchange_;  // shared with its thread; null while none runs
};

}  // namespace postern::credentials
