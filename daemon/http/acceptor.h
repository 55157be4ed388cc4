#pragma once

#include <Poco/Net/ServerSocket.h>

#include <cstdint>
#include <thread>

#include "http/interrupt.h"
#include "http/open_connections.h"
#include "http/workers.h"

namespace postern::http {

// Takes the connections of one listening socket, on a thread of its own, and hands them to
// the workers.
class Acceptor {
 public:
  // Both must outlive the acceptor.
  Acceptor(const Poco::Net::ServerSocket& socket, OpenConnections& open, Workers& workers);
  // New connections are refused from then on.
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  void run();
  void acceptOne();

  Poco::Net::ServerSocket socket_;
  const std::uint16_t port_;
  OpenConnections& open_;
  Workers& workers_;
  Interrupt end_;
  std::thread thread_;
};

}  // namespace postern::http
