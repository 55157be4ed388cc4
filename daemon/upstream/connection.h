#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tls/offer.h"
#include "upstream/exchange.h"
#include "upstream/resolver.h"
#include "upstream/socket.h"

namespace postern::upstream {

struct SessionDeleter {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionDeleter>;

// One TLS connection to the service, used by one thread at a time.
//
// The socket does not block; each call waits with poll(2) until its deadline. Bytes come in
// blocks of up to 64 KiB; the buffers exist only between write() and rest(). OpenSSL writes with
// write(2), so the process has to ignore SIGPIPE.
class Connection {
 public:
  struct Peer {
    const std::string& host;                // as the target's url writes it
    const std::string& authority;           // "host:port", for messages
    const std::vector<Address>& addresses;  // tried in this order
    std::shared_ptr<const tls::Material> material;
    SSL_SESSION* resume;          // an earlier session with the same material, or null
    tls::Offer* offer = nullptr;  // where to write what the server said, also when that was no
  };

  // Connects and does the handshake. `open` counts this connection as long as it lives and
  // must outlive it. Errors: Connect, Tls, Timeout.
  static Result<std::unique_ptr<Connection>> open(const Peer& peer, std::atomic<std::size_t>& open,
                                                  Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends a whole request. That the peer has gone is told by the next read(), which may find
  // an answer or an alert that says why. Errors: Timeout, Tls.
  Result<void> write(std::string_view bytes, Deadline deadline);

  enum class End { None, Clean, Cut };  // Clean: with TLS' close_notify
  struct Block {
    std::string_view bytes;  // lives until the next read() or rest(); empty at the end
    End end = End::None;
  };
  // Errors: Tls, and Timeout whose message says what was being done (`doing`).
  Result<Block> read(Deadline deadline, std::string_view doing);

  // Frees the buffers until the next use; false when unread bytes forbid a next use.
  bool rest();
  // Of a resting connection: the peer has neither closed it nor sent anything.
  bool quiet() const;
  // Of a resting connection, before the next write(): a peer whose machine acknowledges nothing of
  // what we send for `patience` has gone, and read() says Cut. One that is only slow has not.
  void doubt(std::chrono::milliseconds patience);
  // How a request goes on it.
  Way way() const { return {rests_since_ != SteadyTime(), terms_}; }
  // Since the last rest().
  std::chrono::steady_clock::duration restedFor() const;

  const std::shared_ptr<const tls::Material>& material() const { return material_; }
  // What a later connection may resume; null when the server has offered nothing.
  SessionPtr session() const;
  std::optional<tls::Summary> serverCertificate() const;
  // Whether the service has asked for our certificate, in the handshake or after it.
  bool asksForClient() const { return seen_.certificate_request; }

 private:
  Connection(const Peer& peer, Dialled dialled, std::atomic<std::size_t>& open);
  Result<void> handshake(Deadline deadline, tls::Offer* offer);
  Result<void> shakeHands(Deadline deadline);
  Result<Block> endOfStream(int result);
  Error timeout(std::string_view doing) const;
  void freeBuffer();

  const std::string host_;
  const std::string name_;  // for messages: authority and address
  const std::shared_ptr<const tls::Material> material_;
  std::atomic<std::size_t>& open_;
  const Descriptor socket_;
  SSL* ssl_ = nullptr;
  tls::Terms terms_;                // of the handshake
  std::unique_ptr<char[]> buffer_;  // 64 KiB, or null while resting
  struct Seen {
    int records = 0;                   // received since the last data
    bool certificate_request = false;  // of the server, at any time
    void note(int sent, int type, const void* bytes, std::size_t size);
  };
  Seen seen_;                          // by OpenSSL's message callback
  std::size_t used_ = 0;               // bytes of it that have been written to
  std::optional<Result<Block>> late_;  // how the stream ended behind the last block
  bool asked_ = false;                 // the answer cannot have come yet: wait before reading
  bool failed_ = false;                // OpenSSL wants no further call
  SteadyTime rests_since_;             // the begin of its clock: it never has
  unsigned int patience_ = 0;          // ms, as the system knows it; 0: its own
};

}  // namespace postern::upstream
