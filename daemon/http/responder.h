#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "async/polled_socket.h"
#include "async/scope.h"
#include "async/task.h"
#include "base/budget.h"
#include "http/message.h"
#include "http/request_head.h"
#include "http/response_encoder.h"
#include "http/wire.h"

namespace postern::http {

// The bytes of one connection on its loop.
struct Channel {
  async::PolledSocket& socket;
  Wire& wire;
  async::Scope& connection;  // ends when the connection shall end at once
};

// Sends all of them. False when the peer has gone, or takes nothing for write_timeout, or the
// connection's scope has ended: the connection is of no more use then.
async::Task<bool> sendAll(const Channel& channel, Pieces& pieces,
                          std::chrono::milliseconds write_timeout);

struct ServerState;

// What a whole answer that waits for a slow reader takes of the budget of all such answers.
class Flushing {
 public:
  // The budget must outlive it.
  explicit Flushing(Budget& budget) : budget_(budget) {}
  Flushing(const Flushing&) = delete;
  Flushing& operator=(const Flushing&) = delete;

  // `size` bytes have been taken from the budget.
  void begin(std::size_t size);
  // Gives them back, if that has not been done.
  void end();

 protected:
  ~Flushing() { end(); }
  virtual void begun() = 0;

 private:
  Budget& budget_;
  std::size_t charged_ = 0;
};

// Where a handler puts the answer to one request: send(), or begin(), write() as often as it likes,
// and then finish() or abort(). The answer to HEAD has no body, whatever the handler writes. What
// was begun and not finished is aborted when the responder goes. On the connection's loop.
class Responder {
 public:
  // All must outlive it.
  Responder(const RequestHead& request, const Channel& channel, ServerState& server,
            Flushing& flushing);

  // Adds headers to the answer; they replace those of the same name in its head. `headers` must
  // live until the answer has been sent.
  void addHeaders(const Headers& headers) { added_headers_ = &headers; }
  // A whole answer that a slow reader does not take is reset when all such answers have no room
  // left for it; with `waits` it waits instead (see LongAnswers).
  void waitWithoutRoom(bool waits) { waits_without_room_ = waits; }
  // `body` lives until the task ends, as does the block of write().
  async::Task<> send(ResponseHead head, std::string_view body);
  async::Task<> send(Reply reply);
  // The same, and the connection ends after it.
  async::Task<> sendLast(Reply reply);
  void begin(ResponseHead head);
  // Both are false when the client has gone or is too slow.
  async::Task<bool> write(std::string_view block);
  async::Task<bool> finish();
  // Closes the connection without the final chunk, so that half a page never ends like a whole one.
  void abort() { state_ = State::Broken; }

  // Ends when the connection shall end at once.
  async::Scope& scope() const { return channel_.connection; }
  // Of the connection; thread-safe as long as the responder lives.
  const Wire& wire() const { return channel_.wire; }
  ServerState& server() const { return server_; }
  // Whether no whole answer was given: the connection is of no more use.
  bool broken() const { return state_ != State::Done; }
  bool keepsAlive() const { return encoder_.keepsAlive(); }

 private:
  enum class State { Nothing, Streaming, Done, Broken };

  async::Task<Pieces> packOnThread(const ResponseHead& head, std::string_view body);
  async::Task<bool> sendPieces(Pieces pieces);
  void extend(ResponseHead& head) const;
  bool sendAtOnce(Pieces& pieces);
  async::Task<> sendRest(Pieces pieces);
  bool broke();

  const Channel& channel_;
  ServerState& server_;
  Flushing& flushing_;
  ResponseEncoder encoder_;
  State state_ = State::Nothing;
  const Headers* added_headers_ = nullptr;
  bool waits_without_room_ = false;
};

}  // namespace postern::http
