#pragma once

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/loop.h"
#include "async/polled_socket.h"
#include "async/scope.h"
#include "async/task.h"
#include "base/descriptor.h"
#include "http/address.h"
#include "http/request_body.h"
#include "http/request_head.h"
#include "http/responder.h"
#include "http/server.h"
#include "http/server_state.h"
#include "http/wire.h"

namespace postern::http {

class ConnectionTable;

// One client, request after request, as one task: handshake, read a request, answer it, and again.
// A turn takes a bounded number of requests and bytes; then the other connections have theirs. On
// its loop.
class ServedConnection final : private Flushing {
 public:
  // Which time limit it is under; all but Answer have one.
  enum class Phase : std::uint8_t {
    Hello,  // TLS, of which the first record is not there yet
    Handshake,
    Request,  // on its way, head and body
    Idle,
    Answer,
    Flush,   // the rest of an answer waits for a slow reader
    Linger,  // the last answer is out; what still comes is dropped
  };
  static constexpr std::size_t kPhases = 7;

  struct Place {
    async::Loop& loop;
    ServerState& server;
    ConnectionTable& table;
  };
  // All references, and `service`, must outlive it. `too_many`: why it is refused, or null.
  ServedConnection(const Place& place, Descriptor socket, const Service& service,
                   const Address& address, const char* too_many);
  ~ServedConnection();
  ServedConnection(const ServedConnection&) = delete;
  ServedConnection& operator=(const ServedConnection&) = delete;

  // The whole life of the connection. Once; it must have ended before this object goes.
  async::Task<> run();

  Phase phase() const { return phase_; }
  SteadyTime since() const { return since_; }  // in this phase
  const Service& service() const { return service_; }
  const Address& address() const { return address_; }
  // Ends it wherever it waits, but not within a handler.
  void cancel() { scope_.cancel(); }
  // Its peer sees a reset; what its answer took of the budget is free at once.
  void reset() {
    wire_.resetOnClose(true);
    Flushing::end();
    scope_.cancel();
  }

  async::ListHook in_phase;
  bool counted = true;  // by the table

 private:
  enum class Asked : std::uint8_t { Request, End };
  using Progress = RequestHeadParser::Progress;

  void begun() override { enter(Phase::Flush); }
  void enter(Phase phase);
  async::Task<bool> waitForHello();
  async::Task<bool> shakeHands();
  async::PolledSocket::Readiness waitForPeer();
  async::Task<Asked> readRequest();
  Asked timeUp();
  bool take(std::string_view bytes);
  bool takeBody(std::string_view bytes);
  void refuse(int status, std::string_view what);
  void refuseBusy(std::string_view what);
  async::Task<> sendRefusal();
  async::Task<bool> answer();
  async::Task<> linger();

  async::Loop& loop_;
  ServerState& server_;
  ConnectionTable& table_;
  const Service& service_;
  const Address address_;
  Wire wire_;
  async::PolledSocket socket_;  // of the wire's descriptor
  async::Scope scope_;
  const Channel channel_{socket_, wire_, scope_};
  std::optional<async::Scope> time_;  // of the phase
  Phase phase_ = Phase::Idle;
  SteadyTime since_;
  std::unique_ptr<RequestHeadParser> parser_;  // null while the connection is idle
  std::unique_ptr<RequestBody> body_;          // null before the head is complete
  std::string arrived_;                        // bytes that no request has taken yet
  std::unique_ptr<Reply> refused_;
  bool drained_ = false;        // a plain socket has given all that it had
  bool answered_ = false;       // a first request
  int requests_left_ = 0;       // of this turn
  std::size_t bytes_left_ = 0;  // of this turn
};

}  // namespace postern::http
