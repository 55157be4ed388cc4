#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/job_runner.h"
#include "async/polled_socket.h"
#include "async/scope.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "tls/server_handshake.h"
#include "upstream/dial.h"
#include "upstream/http_client.h"
#include "upstream/resolver.h"

namespace postern::upstream {

struct SessionDeleter {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionDeleter>;

struct ConnectOptions {
  std::string host;                        // in the spelling of the target's url
  std::string authority;                   // "host:port", for messages
  std::vector<ResolvedAddress> addresses;  // tried in this order
  std::shared_ptr<const tls::Material> material;
  SSL_SESSION* resume = nullptr;       // an earlier session with the same material, or null; must
                                       // live until the connection is open
  async::JobRunner* runner = nullptr;  // computes the steps of the handshake; null: on the loop
  tls::ServerHandshake* server_handshake = nullptr;  // where to write the server's handshake, also
                                                     // when it fails; must outlive the task
};

enum class StreamEnd { None, Clean, Cut };  // Clean: after TLS' close_notify

struct ReceivedBlock {
  std::string_view bytes;  // lives until the next read() or release(); empty at the end
  StreamEnd end = StreamEnd::None;
};

// One TLS connection to the service, on one loop, used by one task at a time.
//
// The socket is non-blocking: tasks wait in the loop until their scope ends. Bytes come in blocks
// of up to 64 KiB. The buffers exist only between write() and release(). OpenSSL sends with
// write(2), so the process must ignore SIGPIPE.
class Connection {
 public:
  // Connects and does the handshake. `open` counts this connection during its life; it and the loop
  // must outlive the connection. Errors: Connect, Tls, Timeout.
  static async::Task<Result<std::unique_ptr<Connection>>> open(ConnectOptions options,
                                                               std::atomic<std::size_t>& open,
                                                               async::Scope& scope);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends a whole request. `bytes` must outlive the task. If the peer is gone, the next read()
  // reports it, and may find an answer or an alert with the reason. Errors: Timeout, Tls.
  async::Task<Result<void>> write(std::string_view bytes, async::Scope& scope);

  // Errors: Tls, and Timeout whose text contains `doing`, which must outlive the task. If the peer
  // never pauses, read() sometimes waits for a turn of the loop.
  async::Task<Result<ReceivedBlock>> read(async::Scope& scope, std::string_view doing);

  // The error of a scope that ended during `doing`.
  Error timeout(std::string_view doing) const;

  // Frees the buffers until the next use. Returns false when unread bytes make the connection
  // unusable.
  bool release();
  // For a released connection: the peer has neither closed it nor sent anything.
  bool isIdle() const;
  // For a released connection, before the next write(): if the peer's machine acknowledges no bytes
  // for `patience`, read() returns Cut. A slow peer is not affected.
  void setUserTimeout(std::chrono::milliseconds patience);
  // The transport of a request on this connection.
  TransportInfo transport() const { return {kept_, negotiated_}; }
  // Time since the last release().
  SteadyTime::duration idleFor() const;

  const std::shared_ptr<const tls::Material>& material() const;
  // The session for a later connection; null when the server has offered none.
  SessionPtr session() const;
  std::optional<tls::Summary> serverCertificate() const;
  // Whether the service has requested the client certificate, in the handshake or after it.
  bool asksForClient() const;

 private:
  // The socket with its TLS state. A handshake step on a thread shares it, and may outlive the
  // connection.
  struct Core;

  Connection(const ConnectOptions& options, Dialled dialled, std::atomic<std::size_t>& open,
             async::Loop& loop);
  async::Task<Result<void>> handshake(async::JobRunner* runner,
                                      tls::ServerHandshake* server_handshake, async::Scope& scope);
  // Waits for OpenSSL's condition (SSL_ERROR_WANT_READ or SSL_ERROR_WANT_WRITE).
  async::PolledSocket::Readiness readyFor(int why, async::Scope& scope);
  std::optional<Result<ReceivedBlock>> readAvailable(int& wanted);
  Result<ReceivedBlock> endOfStream(int result);
  void freeBuffer();

  const std::string name_;  // for messages: authority and address
  std::atomic<std::size_t>& open_;
  async::Loop& loop_;
  const std::shared_ptr<Core> core_;
  async::PolledSocket socket_;                 // borrowed from core_, which closes it later
  tls::Negotiated negotiated_;                 // from the handshake
  std::unique_ptr<char[]> buffer_;             // 64 KiB, or null while released
  std::size_t used_ = 0;                       // number of its bytes that were written to
  std::optional<Result<ReceivedBlock>> late_;  // how the stream ended after the last block
  bool asked_ = false;                // the answer cannot have arrived yet: wait before reading
  std::size_t bytes_since_wait_ = 0;  // bytes that read() has returned
  bool kept_ = false;                 // it has carried a request
  SteadyTime released_at_;
  unsigned int patience_ = 0;  // ms, as set in the system; 0: the system's default
};

}  // namespace postern::upstream
