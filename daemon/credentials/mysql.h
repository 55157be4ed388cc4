#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/target.h"
#include "credentials/secret_file.h"
#include "credentials/source.h"

namespace postern::credentials {

// What is asked when the config has no query: Teleport's two tables. Its `lookups` is filled
// lazily (number = country + phone), so a row that is missing there is no obstacle.
inline constexpr std::string_view kTeleportQuery =
    "SELECT DISTINCT c.username, c.password, c.api_key, c.company_name "
    "FROM whatsapp_config c "
    "LEFT JOIN lookups l ON l.country = c.country AND l.phone = c.phone "
    "WHERE COALESCE(l.number, CONCAT(c.country, c.phone)) = ?";

// Reads one row from MySQL or MariaDB, which a mounted folder may name: that is read anew by each
// load, and so is the file of a password. A connection lives only while load() runs. With
// `tls` in the config the connection is encrypted, the server's certificate and host name
// are verified and our client certificate is shown, or load() fails: it asks the server
// for Ssl_cipher and refuses an empty one. The row's columns count by their names: username,
// password, api_key, company_name, in any order; a column that is not there is not given.
class MysqlSource final : public Source {
 public:
  // `target` is bound to the query's `?`.
  MysqlSource(config::MysqlCredentials database, std::string target);

  // Ends at the deadline, also when name lookup or server hang: the exchange then goes on by
  // itself until the driver's own timeouts (5 s each) end it, and the next load waits for it
  // instead of starting another.
  Result<Credential> load(Deadline deadline) override;
  std::string_view name() const override { return "mysql"; }
  bool moved() const override;

 private:
  struct Exchange;

  bool begin(Deadline deadline);  // false: no thread to be had

  config::MysqlCredentials database_;
  std::string target_;
  std::vector<FileState> files_;        // of the mounted ones, before the last load
  std::shared_ptr<Exchange> exchange_;  // shared with its thread; null when none runs
};

}  // namespace postern::credentials
