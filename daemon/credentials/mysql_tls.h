#pragma once

#include <chrono>
#include <string>

#include "base/secret.h"
#include "config/target.h"

struct st_mysql;  // the driver's MYSQL

namespace postern::credentials {

// What failed in the TLS handshake with a database, as far as the driver tells.
enum class TlsCheck { None, Offered, Issuer, Expired, Revoked, Crl, Name, OurMaterial, Other };

// How the thread that owns it opens its next connections to a database, while it lives.
//
// Poco::Data::MySQL 1.11 has no option for TLS or for read timeouts, ignores unknown keys of its
// connection string in silence, and the string cannot hold a `;`. So the program defines
// mysql_real_connect itself, in front of libmariadb's: Poco calls ours, which sets what
// Poco cannot and calls the real one with host, user and password from here. Poco also reads
// past its buffer when a value is longer than its column was declared (and LONGTEXT always is):
// our mysql_stmt_fetch makes that an error. The program must export its symbols (-rdynamic).
// Threads without a living object get what libmariadb does.
class MysqlOpening {
 public:
  // `database`, `password` and `key_password` (empty: none) must outlive the object. `patience`
  // bounds the connection and each read and write; the driver knows whole seconds only.
  MysqlOpening(const config::MysqlCredentials& database, const Secret& password,
               const Secret& key_password, std::chrono::seconds patience);
  ~MysqlOpening();
  MysqlOpening(const MysqlOpening&) = delete;
  MysqlOpening& operator=(const MysqlOpening&) = delete;

  // Whether ours was called: false means that the program does not export its symbols.
  bool used() const { return used_; }
  // Of the last connection: the driver's error code (0 = connected), and which check of TLS failed.
  unsigned int error() const { return error_; }
  TlsCheck failedCheck() const { return failed_check_; }

  // Called by mysql_real_connect with a handle that is not connected; returns it, or null.
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
