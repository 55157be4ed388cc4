#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http/gzip_encoder.h"
#include "http/message.h"
#include "http/outbox.h"
#include "http/request_head.h"
#include "http/wire.h"

namespace postern::http {

struct Shared;

// Writes the answer to one request straight to its connection: a known body with its
// length, a streamed one in chunks (RFC 9112 section 7.1), packed by gzip when the client takes it.
// HTTP/1.0 knows no chunks: there the end of the connection ends a streamed body, and an
// abort resets it. What was begun and not finished is aborted when the sink goes. One thread, but
// for waited() and disconnect().
class SocketSink final : public ResponseSink {
 public:
  static constexpr std::size_t kLeastPacked = 256;  // bytes; a shorter body is sent plain

  // Asked when the answer's head is written: whether the connection closes after it.
  using Last = std::function<bool()>;

  // What the answer goes through. All of it must outlive the sink.
  struct Way {
    Wire& wire;
    Outbox& outbox;  // takes what a slow reader does not
    Shared& shared;
    bool may_wait;  // for a slow reader when the outbox is full; streams wait always
    bool may_park = false;
  };
  SocketSink(const RequestHead& request, const Way& way, Last last);
  ~SocketSink() override;

  void send(const ResponseHead& head, std::string_view body) override;
  bool begin(const ResponseHead& head) override;
  bool write(std::string_view block) override;
  bool finish() override;
  void abort() override;
  std::chrono::milliseconds waited() const override { return way_.wire.waited() - waited_before_; }
  bool clientGone() const override { return way_.wire.peerGone(); }
  void disconnect() override { way_.wire.endBoth(); }
  bool parks() const override { return way_.may_park; }
  void park(std::unique_ptr<Parked> parked) override;

  // What was parked, if anything; then no answer was given.
  std::unique_ptr<Parked> takeParked() { return std::move(parked_); }
  // Whether no whole answer was given: the connection is of no more use.
  bool broken() const { return state_ != State::Done; }
  // Whether the connection may take another request after a whole answer.
  bool keepsAlive() const { return !last_answer_; }

 private:
  enum class State { Nothing, Streaming, Done, Broken };

  void startHead(const ResponseHead& head, bool close);
  void endHead() { text_ += "\r\n"; }
  bool isHead() const { return request_.request.method == "HEAD"; }
  bool guessable(const ResponseHead& head) const;
  void sendWhole(Pieces pieces);
  bool putWhole(const Pieces& pieces);
  bool sendPieces(Pieces pieces);
  bool broke();
  // `end`: what follows the data of a chunk.
  bool sendBlock(std::string_view block, std::string_view end);

  const RequestHead& request_;
  const Way way_;
  Last last_;
  State state_ = State::Nothing;
  bool last_answer_ = true;
  bool chunked_ = true;
  std::string text_;  // the head, until the first block goes with it
  std::unique_ptr<GzipEncoder> encoder_;
  std::string packed_;  // waits until it is worth a chunk
  std::unique_ptr<Parked> parked_;
  const std::chrono::milliseconds waited_before_ = way_.wire.waited();  // for other answers
};

}  // namespace postern::http
