#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fakes/certificates.h"

namespace postern::testing {

// A private MariaDB with TLS, in its own folder and on a free port of 127.0.0.1. It trusts client
// certificates of `authority`. Ends with the object, and with the program at the latest. Errors
// throw std::runtime_error with the end of the server's log. Debian package: mariadb-server
class MariaDb {
 public:
  MariaDb(const Identity& server, const Identity& authority);
  ~MariaDb();
  MariaDb(const MariaDb&) = delete;
  MariaDb& operator=(const MariaDb&) = delete;

  std::uint16_t port() const { return port_; }
  // As its administrator, through the Unix socket; one statement each.
  void execute(const std::string& sql) const { firstColumn(sql); }
  std::vector<std::string> firstColumn(const std::string& sql) const;

  void stop();
  // On the same port; returns when it accepts connections. `options`: additional server options.
  void start(const std::vector<std::string>& options = {});

 private:
  std::string logEnd() const;
  std::string temporaryTables() const;
  void waitUntilReady(int notifications) const;

  TemporaryFolder folder_;
  std::string data_, socket_;
  std::uint16_t port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace postern::testing
