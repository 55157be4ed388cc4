#include "http/blocking_handler.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "base/log.h"
#include "base/result.h"
#include "http/connection_table.h"
#include "http/response_head.h"

namespace postern::http {
namespace {

constexpr std::size_t kMostPending = 256U << 10;  // bytes that a handler writes ahead of its client

// What a handler has written and the loop has not sent.
struct Pending {
  std::optional<ResponseHead> head;
  bool whole = false;               // `borrowed`, or the only block, is all that follows the head
  std::string_view borrowed;        // by a handler that waits until it has been sent
  std::vector<std::string> blocks;  // each of its own chunk
  std::size_t size = 0;             // of all blocks
  bool finished = false;
  bool returned = false;  // the handler has, or has thrown

  void add(std::string_view block) {
    blocks.emplace_back(block);
    size += block.size();
  }
};

// Returns false when the client takes no more.
async::Task<bool> sendPending(Pending pending, Responder& responder) {
  if (pending.head && pending.whole) {
    ResponseHead head = *std::move(pending.head);
    const std::string_view body =
        pending.blocks.empty() ? pending.borrowed : pending.blocks.front();
    co_await responder.send(std::move(head), body);
    co_return true;
  }
  if (pending.head) responder.begin(*pending.head);
  for (const auto& block : pending.blocks) {
    const bool sent = co_await responder.write(block);
    if (!sent) co_return false;
  }
  if (!pending.finished) co_return true;
  co_return co_await responder.finish();
}

// Keeps what a handler writes that waits for nothing.
class KeepingSink final : public ResponseSink {
 public:
  explicit KeepingSink(Pending& pending) : pending_(pending) {}
  void send(const ResponseHead& head, std::string_view body) override {
    pending_.head = head;
    pending_.whole = true;
    pending_.add(body);
  }
  bool begin(const ResponseHead& head) override {
    pending_.head = head;
    return true;
  }
  bool write(std::string_view block) override {
    if (!block.empty()) pending_.add(block);
    return true;
  }
  bool finish() override { return pending_.finished = true; }
  void abort() override {}

 private:
  Pending& pending_;
};

}  // namespace

// Between the thread of a handler and the loop of its connection. Thread-safe.
class BlockingHandler::Bridge final : public ResponseSink {
 public:
  explicit Bridge(Responder& responder)
      : responder_(responder), inbox_(responder.scope().loop().inbox()) {}

  // A large body is not copied: the handler's thread waits until it has been sent.
  void send(const ResponseHead& head, std::string_view body) override {
    std::unique_lock lock(mutex_);
    pending_.head = head;
    pending_.whole = true;
    if (body.size() <= kMostPending) {
      pending_.add(body);
      return tell();
    }
    pending_.borrowed = body;
    tell();
    wait(lock, [&] { return sent_; });
  }
  bool begin(const ResponseHead& head) override {
    change([&] { pending_.head = head; });
    return true;
  }
  bool write(std::string_view block) override {
    std::unique_lock lock(mutex_);
    wait(lock, [&] { return gone_ || pending_.size < kMostPending; });
    if (gone_) return false;
    // An empty chunk would end the body.
    if (block.empty()) return true;
    pending_.add(block);
    tell();
    return true;
  }
  bool finish() override {
    const std::lock_guard lock(mutex_);
    if (gone_) return false;
    pending_.finished = true;
    tell();
    return true;
  }
  void abort() override { clientHasGone(); }
  // For the client alone: while the handler waits and the socket takes nothing. The loop has others
  // to serve, and what is pending may lie ahead of a reader that is slow at times.
  std::chrono::milliseconds waited() const override {
    const std::lock_guard lock(mutex_);
    return waiting_ ? waited_ + responder_.wire().waited() - wire_waited_ : waited_;
  }
  bool clientGone() const override { return responder_.wire().peerGone(); }
  void disconnect() override { responder_.wire().endBoth(); }

  // By the handler's thread, at its end.
  void returned() {
    change([&] { pending_.returned = true; });
  }

  // By the loop, as are the next two.
  Pending take() {
    const std::lock_guard lock(mutex_);
    told_ = false;
    more_.reset();
    taken_.notify_all();
    return std::exchange(pending_, {});
  }
  // All that was taken has been sent, or never will be.
  void sent() {
    const std::lock_guard lock(mutex_);
    sent_ = true;
    taken_.notify_all();
  }
  // Nothing is taken from the handler any more.
  void clientHasGone() {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    taken_.notify_all();
  }
  async::Event& more() { return more_; }

 private:
  template <typename Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    tell();
  }
  template <typename Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition condition) {
    waiting_ = true;
    wire_waited_ = responder_.wire().waited();
    taken_.wait(lock, condition);
    waiting_ = false;
    waited_ += responder_.wire().waited() - wire_waited_;
  }
  // Requires mutex_.
  void tell() {
    if (std::exchange(told_, true)) return;
    inbox_->post([this] { more_.set(); });
  }

  Responder& responder_;
  const std::shared_ptr<async::Inbox> inbox_;
  async::Event more_;  // the loop's
  mutable std::mutex mutex_;
  std::condition_variable taken_;
  Pending pending_;  // guarded by mutex_, as is what follows
  bool told_ = false;
  bool gone_ = false;
  bool sent_ = false;
  bool waiting_ = false;
  std::chrono::milliseconds waited_{};       // before the wait that is under way
  std::chrono::milliseconds wire_waited_{};  // when that began
};

async::Task<> answerAtOnce(const Handler& handler, const Request& request, Responder& responder) {
  Pending pending;
  KeepingSink sink(pending);
  handler(request, sink);
  co_await sendPending(std::move(pending), responder);
}

async::Task<> BlockingHandler::refuseBusy(Responder& responder) {
  ++server_.busy;
  ResponseHead head = busyHead();
  const std::string body = busyText("every thread is taken by another scrape");
  co_await responder.sendLast(std::move(head), body);
}

// Whose reader makes others wait loses its answer to them.
void BlockingHandler::disconnectSlowest() const {
  const auto slowest = std::ranges::max_element(running_, {}, &Bridge::waited);
  if (slowest != running_.end() && (*slowest)->waited() >= ConnectionTable::kSlow)
    (*slowest)->disconnect();
}

async::Task<async::Gate::Pass> BlockingHandler::enter(async::Scope& connection) {
  const auto& loop = connection.loop();
  async::Scope queue(connection, loop.now() + server_.options.queue_timeout);
  while (!queue.ended()) {
    async::Scope patience(queue, loop.now() + ConnectionTable::kSlow);
    auto pass = co_await threads_.enter(patience);
    if (pass) co_return std::move(pass);
    disconnectSlowest();
  }
  co_return async::Gate::Pass();
}

// The thread uses the request and the connection until it has returned, whatever becomes of the
// client.
async::Task<> BlockingHandler::answer(const Request& request, Responder& responder) {
  async::Scope& connection = responder.scope();
  const auto pass = co_await enter(connection);
  if (!pass) {
    co_await refuseBusy(responder);
    co_return;
  }
  responder.waitWithoutRoom();
  Bridge bridge(responder);
  const auto self = running_.insert(running_.end(), &bridge);
  pool_.run([this, &bridge, &request] {
    try {
      handler_(request, bridge);
    } catch (const std::exception& failure) {
      log::error("an exception ended a connection", {{"type", typeid(failure).name()}});
    }
    bridge.returned();
  });
  async::Scope whole(connection.loop());
  bool returned = false;
  while (!returned) {
    co_await bridge.more().wait(whole);
    Pending pending = bridge.take();
    returned = pending.returned;
    const bool sent = co_await sendPending(std::move(pending), responder);
    bridge.sent();
    if (!sent) bridge.clientHasGone();
  }
  running_.erase(self);
}

}  // namespace postern::http
