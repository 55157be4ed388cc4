#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "async/loop_thread.h"
#include "async/task.h"
#include "async/thread_pool.h"
#include "base/result.h"
#include "http/message.h"

namespace postern::http {

// A listening address, where connections wait until a server accepts them. Copies share it: the
// last one closes it.
class Listening {
 public:
  // "host:port", "[v6]:port" or ":port" (IPv4 and IPv6). Port 0 picks a free one. Errors: Connect,
  // with the reason.
  static Result<Listening> open(const std::string& address);
  std::uint16_t port() const;

 private:
  friend class Server;
  struct Socket;
  std::shared_ptr<Socket> socket_;
};

class Responder;

// Answers one request: a task on the loop of its connection, which must not block; see
// http/blocking_handler.h. Request and responder live until the task ends.
using AsyncHandler = std::function<async::Task<>(const Request&, Responder&)>;

// What the server serves at the addresses of one kind. Called on the loop.
struct Service {
  AsyncHandler handler;
  // The TLS context of a new connection. Not set, or returning null: plain HTTP.
  std::function<std::shared_ptr<SSL_CTX>()> tls = {};
  // Largest body of a request in bytes, by its length or in chunks. More is 413; `busy` when
  // arriving bodies together take more than 16 MiB. 0: no handler wants a body.
  std::size_t max_body = 0;
};

struct ServerOptions {
  // At least two. They start and end with the load. Handlers never use the last one.
  std::size_t threads = 64;
  // At the addresses of one service. Beyond it, the connection that has been idle longest is
  // closed; without an idle one the new connection gets `busy`.
  std::size_t max_connections = 1024;
  std::size_t max_per_address = 0;  // the same from one address; 0: no limit of its own
  std::chrono::milliseconds header_timeout{
      10'000};  // from the first byte of a request, or from accept, to the end of the request
  std::chrono::milliseconds idle_timeout{120'000};  // between two requests
  std::chrono::milliseconds write_timeout{30'000};  // for one block to a slow reader
  std::chrono::milliseconds queue_timeout{5'000};   // for a thread, then `busy`
};

// Counts since the server was made.
struct ServerCounts {
  std::size_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t busy = 0;  // refused: too many connections, or no thread or memory in time
  std::uint64_t failed_handshakes = 0;
};

// Serves connections as tasks on one event loop. They use a thread of a pool only for blocking
// handlers and for the computation of a handshake. Thread-safe. All functions except counts() wait
// for the loop, so do not call them on its thread.
class Server {
 public:
  // With a loop and threads of its own. Throws like async::LoopThread.
  explicit Server(const ServerOptions& options);
  // On a loop and threads that others also use. Both must outlive the server.
  Server(const ServerOptions& options, async::LoopThread& loop, async::ThreadPool& pool);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens like Listening::open(), with its errors. `service` must outlive the server. Returns the
  // port.
  Result<std::uint16_t> listen(const std::string& address, const Service& service);
  // stop() ends the listening of every copy.
  void listen(const Listening& listening, const Service& service);
  // Later connections wait at the addresses for another server. Open ones are still served.
  void stopAccepting();
  // Accepts no new connections, closes idle ones, and lets requests in flight finish within
  // `timeout`. Returns whether all of them did. The others are reset, and their handlers waited
  // for. The server cannot listen again.
  bool stop(std::chrono::milliseconds timeout);

  ServerCounts counts() const;

 private:
  class Acceptor;
  struct Own;

  void makeAcceptor(const ServerOptions& options, async::ThreadPool& pool);

  const std::unique_ptr<Own> own_;  // null: others own them
  async::LoopThread& loop_;
  std::unique_ptr<Acceptor> acceptor_;
};

}  // namespace postern::http
