#pragma once

#include <chrono>
#include <string>

#include "base/secret.h"
#include "config/target.h"

struct st_mysql;  // the driver's MYSQL

namespace postern::credentials {

// The check that failed in the TLS handshake with a database, as far as the driver reports it.
enum class TlsCheck { None, Offered, Issuer, Expired, Revoked, Crl, Name, OurMaterial, Other };

// How the thread that owns it opens its next connections to a database, while it lives.
//
// Poco::Data::MySQL 1.11 has no option for TLS or for read timeouts. It silently ignores unknown
// keys of its connection string, and the string cannot contain a `;`. So the program defines
// mysql_real_connect itself, in front of libmariadb's. Poco calls this one, which sets the missing
// options and calls the real one with host, user and password from here. Poco also reads past its
// buffer when a value is longer than its column was declared (and LONGTEXT always is): the
// program's mysql_stmt_fetch makes that an error. The program must export its symbols (-rdynamic).
// Threads without a living object get libmariadb's behavior.
class MysqlOpening {
 public:
  // `database`, `password` and `key_password` (empty: no password) must outlive the object.
  // `patience` bounds the connect and each read and write. The driver knows only whole seconds.
  MysqlOpening(const config::MysqlCredentials& database, const Secret& password,
               const Secret& key_password, std::chrono::seconds patience);
  ~MysqlOpening();
  MysqlOpening(const MysqlOpening&) = delete;
  MysqlOpening& operator=(const MysqlOpening&) = delete;

  // Whether the program's function was called. False means that the program does not export its
  // symbols.
  bool used() const { return used_; }
  // About the last connection: the driver's error code (0 = connected), and the failed check of
  // TLS.
  unsigned int error() const { return error_; }
  TlsCheck failedCheck() const { return failed_check_; }

  // mysql_real_connect calls it with a handle that is not connected. Returns the handle, or null.
  st_mysql* open(st_mysql* mysql, unsigned long flags);

 private:
  void setOptions(st_mysql* mysql) const;

  const config::MysqlCredentials& database_;
  const Secret& password_;
  const Secret& key_password_;
  unsigned int patience_;  // seconds
  bool used_ = false;
  unsigned int error_ = 0;
  TlsCheck failed_check_ = TlsCheck::None;
};

}  // namespace postern::credentials
