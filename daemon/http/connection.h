#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "http/descriptor.h"
#include "http/gzip_encoder.h"
#include "http/interrupt.h"
#include "http/message.h"
#include "http/open_connections.h"
#include "http/request_head.h"
#include "http/server.h"
#include "http/wire.h"

namespace postern::http {

// What all connections of a server share. Outlives them.
struct Front {
  Handler handler;
  Server::Options options;
  OpenConnections open;
  GzipEncoders encoders;
  Interrupt interrupt;
};

// One client, request after request, on the thread that runs it. Bodies of requests are read
// and dropped: nothing here takes one.
class Connection {
 public:
  static constexpr std::size_t kMaxBody = 64U << 10;  // bytes; beyond it 413

  Connection(Descriptor socket, Front& front);
  // Returns when the connection has ended.
  void run();

 private:
  bool serveOne();
  bool readHead();
  bool receiveMore(Deadline deadline);
  bool dropBody();
  bool answer();
  // Sends an error and lets go of the connection.
  bool refuse(int status, std::string_view what);
  void consume(std::size_t size);

  Front& front_;
  Descriptor socket_;
  OpenConnections::Entry entry_;
  Wire wire_;
  RequestHeadParser parser_;
  std::vector<char> buffer_;
  std::size_t filled_ = 0;  // bytes of the buffer that have come and are not consumed
  bool served_before_ = false;
};

}  // namespace postern::http
