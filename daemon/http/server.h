#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

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

// What is served at the addresses of one kind. `quick`, `tls` and quick handlers
// are called on the thread of the loop, other handlers on threads of the pool.
struct Site {
  Handler handler;
  // Whether the handler answers such a request without waiting for anything. All others take a
  // thread until they are answered. None: no request is quick.
  std::function<bool(const Request&)> quick;
  // What a new connection is secured with. None, or one that returns null: plain HTTP.
  std::function<std::shared_ptr<SSL_CTX>()> tls;
  // Bytes that the body of a request may have, by its length or in chunks; beyond it 413, and
  // `busy` when those that arrive together take more than 16 MiB. 0: no handler wants one.
  std::size_t max_body = 0;
};

// Serves connections as tasks on one event loop. They take a thread of the pool only while a
// request that is not quick is being answered, and for the arithmetic of a handshake.
class Server {
 public:
  struct Options {
    std::size_t threads = 64;  // at least two; they come and go with the load
    // At the addresses of one site. Beyond them the one that has been idle for the longest time is
    // closed, or else `busy`.
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

  explicit Server(const Options& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens where Listening::open() does, with its errors. `site` must outlive the server. Returns
  // the port.
  Result<std::uint16_t> listen(const std::string& address, const Site& site);
  // stop() ends the listening for every copy.
  void listen(const Listening& listening, const Site& site);
  // From now on connections wait at the addresses, for another server. What is open is served on.
  void stopAccepting();
  // No new connections, idle ones close, requests in flight finish within `timeout`.
  // Returns whether all of them did; the others are reset, and their handlers waited for. The
  // server does not listen again after it.
  bool stop(std::chrono::milliseconds timeout);

  Counts counts() const;

 private:
  class Front;
  std::unique_ptr<Front> front_;
};

}  // namespace postern::http
