#include "http/responder.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "async/offload.h"
#include "base/text.h"
#include "http/server_state.h"

namespace postern::http {
namespace {

constexpr std::size_t kLongToPack = 256U << 10;  // bytes: about 0.6 ms

}  // namespace

async::Task<bool> sendAll(const Channel& channel, BufferSequence& pieces,
                          std::chrono::milliseconds write_timeout) {
  if (pieces.empty()) co_return true;
  auto outcome = channel.transport.sendSome(pieces);
  if (outcome != IoOutcome::Blocked) co_return outcome == IoOutcome::Done;
  async::Scope time(channel.connection, channel.connection.loop().now() + write_timeout);
  while (outcome == IoOutcome::Blocked) {
    auto& loop = channel.connection.loop();
    channel.transport.beginWait(loop.now());
    bool ready = false;
    if (channel.transport.wantsWrite()) {
      ready = co_await channel.socket.writable(time);
    } else {
      ready = co_await channel.socket.readable(time);
    }
    channel.transport.endWait(loop.now());
    if (!ready) co_return false;
    outcome = channel.transport.sendSome(pieces);
  }
  co_return outcome == IoOutcome::Done;
}

void Flushing::begin(std::size_t size) {
  charged_ = size;
  begun();
}

void Flushing::end() {
  budget_.giveBack(std::exchange(charged_, 0));
}

Responder::Responder(const RequestHead& request, const Channel& channel, ServerState& server,
                     Flushing& flushing)
    : channel_(channel),
      server_(server),
      flushing_(flushing),
      encoder_(request, server.encoders, channel.transport.secure()) {}

bool Responder::broke() {
  state_ = AnswerState::Broken;
  // Discards the bytes in the socket for a reader that is too slow.
  channel_.transport.resetOnClose(true);
  return false;
}

async::Task<bool> Responder::sendPieces(BufferSequence pieces) {
  const bool sent = co_await sendAll(channel_, pieces, server_.options.write_timeout);
  co_return sent || broke();
}

// Most readers accept a whole answer at once. Leaves the rest in `pieces`.
bool Responder::sendAtOnce(BufferSequence& pieces) {
  const auto outcome = channel_.transport.sendSome(pieces);
  if (outcome == IoOutcome::End) broke();
  return outcome != IoOutcome::Blocked;
}

// Bytes that a slow reader has not accepted yet count in a budget. Slower readers than this one
// make room.
async::Task<> Responder::sendRest(BufferSequence pieces) {
  std::size_t left = 0;
  for (const auto piece : pieces.left()) left += piece.size();
  bool room = server_.flush_budget.take(left);
  while (!room && server_.endSlowestFlush()) room = server_.flush_budget.take(left);
  bool sent = false;
  if (room || waits_without_room_) {
    flushing_.begin(room ? left : 0);
    sent = co_await sendAll(channel_, pieces, server_.options.write_timeout);
    flushing_.end();
  }
  if (!sent) broke();
}

void Responder::extend(ResponseHead& head) const {
  if (added_headers_ == nullptr) return;
  std::erase_if(head.headers, [&](const auto& own) {
    return std::ranges::any_of(*added_headers_, [&](const auto& added) {
      return equalsIgnoringCase(added.first, own.first);
    });
  });
  head.headers.insert(head.headers.end(), added_headers_->begin(), added_headers_->end());
}

// Compressing a large body takes milliseconds, in which the loop would answer nobody else.
async::Task<BufferSequence> Responder::packOnThread(const ResponseHead& head,
                                                    std::string_view body) {
  async::Scope never(channel_.connection.loop());
  auto job = [this, &head, body] { return encoder_.whole(head, body, server_.stopping); };
  const auto pieces = co_await async::offload(server_.runner, never, std::move(job));
  co_return *pieces;
}

async::Task<> Responder::send(ResponseHead head, std::string_view body) {
  assert(state_ == AnswerState::Nothing);
  state_ = AnswerState::Done;
  extend(head);
  if (body.size() >= kLongToPack && encoder_.packs(head, body)) {
    BufferSequence packed = co_await packOnThread(head, body);
    if (!sendAtOnce(packed)) co_await sendRest(packed);
    co_return;
  }
  BufferSequence pieces = encoder_.whole(head, body, server_.stopping);
  if (!sendAtOnce(pieces)) co_await sendRest(pieces);
}

async::Task<> Responder::send(Reply reply) {
  const std::string_view body = reply.body;
  co_await send(std::move(reply.head), body);
}

async::Task<> Responder::sendLast(Reply reply) {
  assert(state_ == AnswerState::Nothing);
  state_ = AnswerState::Done;
  extend(reply.head);
  BufferSequence pieces = encoder_.whole(reply.head, reply.body, true);
  if (!sendAtOnce(pieces)) co_await sendRest(pieces);
}

void Responder::begin(ResponseHead head) {
  assert(state_ == AnswerState::Nothing);
  extend(head);
  encoder_.begin(head, server_.stopping);
  state_ = AnswerState::Streaming;
  // In HTTP/1.0 the end of the connection is the end of an answer. An incomplete answer must not
  // look like that.
  if (!encoder_.chunked() && !encoder_.isHead()) channel_.transport.resetOnClose(true);
}

async::Task<bool> Responder::write(std::string_view block) {
  if (state_ != AnswerState::Streaming) co_return false;
  const BufferSequence pieces = encoder_.block(block);
  co_return co_await sendPieces(pieces);
}

async::Task<bool> Responder::finish() {
  if (state_ != AnswerState::Streaming) co_return false;
  state_ = AnswerState::Done;
  const BufferSequence pieces = encoder_.end();
  const bool sent = co_await sendPieces(pieces);
  if (sent && !encoder_.chunked()) channel_.transport.resetOnClose(false);
  co_return sent;
}

}  // namespace postern::http
