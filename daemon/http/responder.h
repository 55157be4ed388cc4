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
#include "http/transport.h"

namespace postern::http {

// The output of one connection on its loop.
struct Channel {
  async::PolledSocket& socket;
  Transport& transport;
  async::Scope& connection;  // ends when the connection must end immediately
};

// Sends all pieces. Returns false when the peer is gone, or accepts nothing for write_timeout, or
// the connection's scope has ended. Then the connection is unusable.
async::Task<bool> sendAll(const Channel& channel, BufferSequence& pieces,
                          std::chrono::milliseconds write_timeout);

struct ServerState;

// The bytes that a whole answer for a slow reader takes from the budget of all such answers.
class Flushing {
 public:
  // The budget must outlive the object.
  explicit Flushing(Budget& budget) : budget_(budget) {}
  Flushing(const Flushing&) = delete;
  Flushing& operator=(const Flushing&) = delete;

  // `size` bytes were taken from the budget.
  void begin(std::size_t size);
  // Gives them back, unless done already.
  void end();

 protected:
  ~Flushing() { end(); }
  virtual void begun() = 0;

 private:
  Budget& budget_;
  std::size_t charged_ = 0;
};

// Receives the answer to one request: either send(), or begin(), any number of write(), and then
// finish() or abort(). The answer to HEAD has no body, whatever the handler writes. The destructor
// aborts an answer that was begun and not finished. On the connection's loop.
class Responder {
 public:
  // All must outlive the responder.
  Responder(const RequestHead& request, const Channel& channel, ServerState& server,
            Flushing& flushing);

  // Adds headers to the answer. They replace headers of the same name. `headers` must live until
  // the answer is sent.
  void addHeaders(const Headers& headers) { added_headers_ = &headers; }
  // A whole answer that a slow reader does not accept is reset when the budget of such answers is
  // exhausted. With `waits` it waits instead (see LongAnswers).
  void waitWithoutRoom(bool waits) { waits_without_room_ = waits; }
  // `body` must live until the task ends, like the block of write().
  async::Task<> send(ResponseHead head, std::string_view body);
  async::Task<> send(Reply reply);
  // The same, and ends the connection afterwards.
  async::Task<> sendLast(Reply reply);
  void begin(ResponseHead head);
  // Both return false when the client is gone or too slow.
  async::Task<bool> write(std::string_view block);
  async::Task<bool> finish();
  // Closes the connection without the final chunk, so that an incomplete page never looks complete.
  void abort() { state_ = AnswerState::Broken; }

  // Ends when the connection must end immediately.
  async::Scope& scope() const { return channel_.connection; }
  // The transport of the connection. Thread-safe during the life of the responder.
  const Transport& transport() const { return channel_.transport; }
  ServerState& server() const { return server_; }
  // Whether no whole answer was sent. Then the connection is unusable.
  bool broken() const { return state_ != AnswerState::Done; }
  bool keepsAlive() const { return encoder_.keepsAlive(); }

 private:
  enum class AnswerState { Nothing, Streaming, Done, Broken };

  async::Task<BufferSequence> packOnThread(const ResponseHead& head, std::string_view body);
  async::Task<bool> sendPieces(BufferSequence pieces);
  void extend(ResponseHead& head) const;
  bool sendAtOnce(BufferSequence& pieces);
  async::Task<> sendRest(BufferSequence pieces);
  bool broke();

  const Channel& channel_;
  ServerState& server_;
  Flushing& flushing_;
  ResponseEncoder encoder_;
  AnswerState state_ = AnswerState::Nothing;
  const Headers* added_headers_ = nullptr;
  bool waits_without_room_ = false;
};

}  // namespace postern::http
