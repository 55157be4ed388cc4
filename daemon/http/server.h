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

// An address where connections arrive, and wait until a server takes them. Copies share it: it is
// closed with the last one.
class Listening {
 public:
  // "host:port", "[v6]:port" or ":port" (IPv4 and IPv6); port 0 picks a free one. Errors: Connect,
  // which says why it cannot be.
  static Result<Listening> open(const std::string& address);
  std::uint16_t port() const;

 private:
  friend class Server;
  struct Socket;
  std::shared_ptr<Socket> socket_;
};

class Responder;

// Answers one request. A task on the loop of its connection, which must not block; see
// http/blocking_handler.h. The request and the responder live until the task ends.
using AsyncHandler = std::function<async::Task<>(const Request&, Responder&)>;

// What is served at the addresses of one kind. Called on the loop.
struct Service {
  AsyncHandler handler;
  // What a new connection is secured with. None, or one that returns null: plain HTTP.
  std::function<std::shared_ptr<SSL_CTX>()> tls = {};
  // Bytes that the body of a request may have, by its length or in chunks; beyond it 413, and
  // `busy` when those that arrive together take more than 16 MiB. 0: no handler wants one.
  std::size_t max_body = 0;
};

// Serves connections as tasks on one event loop. They take a thread of a pool only for handlers
// that block, and for the arithmetic of a handshake. Thread-safe; all but counts() wait for the
// loop, and so are not called on its thread.
class Server {
 public:
  struct Options {
    // At least two; they come and go with the load. One is never taken by a handler.
    std::size_t threads = 64;
    // At the addresses of one service. Beyond them the one that has been idle for the longest time
    // is closed, or else `busy`.
    std::size_t max_connections = 1024;
    std::size_t max_per_address = 0;  // of them, from one address; 0: as many
    std::chrono::milliseconds header_timeout{
        10'000};  // from the first byte of a request, or of the connection, to the end of it
    std::chrono::milliseconds idle_timeout{120'000};  // between two requests
    std::chrono::milliseconds write_timeout{30'000};  // for one block to a slow reader
    std::chrono::milliseconds queue_timeout{5'000};   // for a thread, then `busy`
  };
  // Since the server was made.
  struct Counts {
    std::size_t connections = 0;  // open now
    std::uint64_t accepted = 0;
    std::uint64_t busy = 0;  // refused: too many connections, or no thread or room in time
    std::uint64_t failed_handshakes = 0;
  };

  // With a loop and threads of its own. Throws as async::LoopThread does.
  explicit Server(const Options& options);
  // On a loop and threads that others use as well. Both must outlive the server.
  Server(const Options& options, async::LoopThread& loop, async::ThreadPool& pool);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens where Listening::open() does, with its errors. `service` must outlive the server.
  // Returns the port.
  Result<std::uint16_t> listen(const std::string& address, const Service& service);
  // stop() ends the listening for every copy.
  void listen(const Listening& listening, const Service& service);
  // From now on connections wait at the addresses, for another server. What is open is served on.
  void stopAccepting();
  // No new connections, idle ones close, requests in flight finish within `timeout`.
  // Returns whether all of them did; the others are reset, and their handlers waited for. The
  // server does not listen again after it.
  bool stop(std::chrono::milliseconds timeout);

  Counts counts() const;

 private:
  class Front;
  struct Own;

  void makeFront(const Options& options, async::ThreadPool& pool);

  const std::unique_ptr<Own> own_;  // null: they are others'
  async::LoopThread& loop_;
  std::unique_ptr<Front> front_;
};

}  // namespace postern::http
