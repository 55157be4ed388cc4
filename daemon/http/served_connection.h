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
#include "http/transport.h"

namespace postern::http {

class ConnectionTable;

// One client connection as one task: handshake, then read a request and answer it, repeatedly. A
// turn takes a bounded number of requests and bytes; then the other connections have theirs. On its
// loop.
class ServedConnection final : private Flushing {
 public:
  // Selects the time limit. All but Answer have one.
  enum class Phase : std::uint8_t {
    Hello,  // TLS, before its first record has arrived
    Handshake,
    Request,  // a request is arriving, head and body
    Idle,
    Answer,
    Flush,   // the rest of an answer waits for a slow reader
    Linger,  // the last answer is sent; further input is dropped
  };
  static constexpr std::size_t kPhases = 7;

  struct ConnectionContext {
    async::Loop& loop;
    ServerState& server;
    ConnectionTable& table;
  };
  // All references, and `service`, must outlive the connection. `too_many`: why it is refused, or
  // null.
  ServedConnection(const ConnectionContext& context, Descriptor socket, const Service& service,
                   const IpAddress& address, const char* too_many);
  ~ServedConnection();
  ServedConnection(const ServedConnection&) = delete;
  ServedConnection& operator=(const ServedConnection&) = delete;

  // The whole life of the connection. Call once; it must end before this object is destroyed.
  async::Task<> run();

  Phase phase() const { return phase_; }
  SteadyTime since() const { return since_; }  // when this phase began
  const Service& service() const { return service_; }
  const IpAddress& address() const { return address_; }
  // Ends the connection wherever it waits, but not within a handler.
  void cancel() { scope_.cancel(); }
  // Its peer sees a reset. The bytes of its answer in the budget are free immediately.
  void reset() {
    transport_.resetOnClose(true);
    Flushing::end();
    scope_.cancel();
  }

  async::ListHook in_phase;
  bool counted = true;  // counted by the table

 private:
  enum class ConnectionInput : std::uint8_t { Request, End };

  void begun() override { enter(Phase::Flush); }
  void enter(Phase phase);
  async::Task<bool> waitForHello();
  async::Task<bool> shakeHands();
  async::PolledSocket::Readiness waitForPeer();
  async::Task<ConnectionInput> readRequest();
  ConnectionInput timeUp();
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
  const IpAddress address_;
  Transport transport_;
  async::PolledSocket socket_;  // uses the transport's descriptor
  async::Scope scope_;
  const Channel channel_{socket_, transport_, scope_};
  std::optional<async::Scope> time_;  // time limit of the phase
  Phase phase_ = Phase::Idle;
  SteadyTime since_;
  std::unique_ptr<RequestHeadParser> parser_;  // null while the connection is idle
  std::unique_ptr<RequestBody> body_;          // null until the head is complete
  std::string arrived_;                        // bytes that no request has consumed yet
  std::unique_ptr<Reply> refused_;
  bool drained_ = false;        // a plain socket has returned all its bytes
  bool answered_ = false;       // a first request was answered
  int requests_left_ = 0;       // in this turn
  std::size_t bytes_left_ = 0;  // in this turn
};

}  // namespace postern::http
