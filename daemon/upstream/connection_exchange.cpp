#include "upstream/connection_exchange.h"

#include <algorithm>
#include <utility>

#include "async/loop.h"
#include "base/text.h"
#include "upstream/client_refusal.h"
#include "upstream/connection_pool.h"
#include "upstream/redirect.h"

namespace postern::upstream {
namespace {

// Bytes to read of an unwanted body so that the connection can be kept. Beyond that a new
// connection costs less.
constexpr std::size_t kDrainBytes = 64U << 10;
constexpr std::chrono::milliseconds kDrainTime{250};
// Bytes of a refusal's body to keep. nginx' own pages are shorter.
constexpr std::size_t kExcerptBytes = 1U << 10;

// Bytes to decompress before other tasks of the loop have a turn, however little input has arrived.
constexpr std::size_t kMostUnpackedInATurn = 256U << 10;

bool isRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

ConnectionExchange::ConnectionExchange(std::unique_ptr<Connection> connection,
                                       const PendingRequest& pending)
    : connection_(std::move(connection)),
      url_(pending.url),
      target_(pending.target),
      follows_redirect_(pending.follows_redirect),
      pool_(pending.pool),
      body_limit_(pending.request.body_limit),
      any_status_body_(pending.request.any_status_body),
      reader_(pending.request.method == "HEAD") {}

async::Task<Result<void>> ConnectionExchange::start(std::string_view request_bytes,
                                                    async::Scope& scope) {
  auto written = co_await connection_->write(request_bytes, scope);
  if (!written) co_return std::move(written).error();
  const auto step = co_await nextStep(scope);
  if (!step) co_return step.error();
  auto taken = takeHead();
  if (!taken) co_return std::move(taken).error();
  if (wanted_) co_return Result<void>();
  co_await drain(scope);
  if (!whole_) finish(/*reusable=*/false);
  co_return Result<void>();
}

async::Task<Result<std::string_view>> ConnectionExchange::read(async::Scope& scope) {
  if (whole_) co_return std::string_view();
  if (bytes_in_turn_ >= kMostUnpackedInATurn) {
    bytes_in_turn_ = 0;
    const bool turned = co_await scope.loop().turn(scope);
    if (!turned) co_return connection_->timeout(doing());
  }
  for (;;) {
    if (gunzip_) {
      const auto unpacked = gunzip_->next(packed_);
      if (!unpacked) co_return located(unpacked.error());
      bytes_in_turn_ += unpacked->size();
      if (!unpacked->empty()) co_return bounded(*unpacked);
    }
    const auto step = co_await nextStep(scope);
    if (!step) co_return step.error();
    if (step->event == ResponseEvent::End) co_return endOfBody();
    if (!gunzip_) co_return bounded(step->body);
    packed_ = step->body;
  }
}

// input_ may be more of the body. Only read() can tell.
bool ConnectionExchange::endIfWhole() {
  if (whole_) return true;
  if (gunzip_ || !input_.empty()) return false;
  const auto step = reader_.next(input_);
  if (!step || step->event != ResponseEvent::End) return false;
  finish(isReusable());
  return true;
}

Result<std::string_view> ConnectionExchange::endOfBody() {
  if (gunzip_) {
    auto whole = gunzip_->finish();
    if (!whole) return located(std::move(whole).error());
  }
  finish(isReusable());
  return std::string_view();
}

bool ConnectionExchange::isReusable() const {
  return reader_.persistent() && !ended_ && input_.empty();
}

void ConnectionExchange::finish(bool reusable) {
  whole_ = true;
  if (pool_ != nullptr) pool_->giveBack(std::move(connection_), reusable);
}

// Reads until it has Head, Body or End.
async::Task<Result<ResponseStep>> ConnectionExchange::nextStep(async::Scope& scope) {
  for (;;) {
    auto step = reader_.next(input_);
    if (!step) co_return located(std::move(step).error());
    if (step->event != ResponseEvent::More) co_return *step;
    const std::string_view what = doing();
    const auto block = co_await connection_->read(scope, what);
    if (!block) co_return block.error();
    input_ = block->bytes;
    if (block->end == StreamEnd::None) continue;
    auto whole = reader_.endOfStream(block->end == StreamEnd::Clean);
    if (!whole) co_return located(std::move(whole).error());
    ended_ = true;
    co_return ResponseStep{ResponseEvent::End, {}};
  }
}

std::string_view ConnectionExchange::doing() const {
  return in_body_ ? "while reading the body" : "while waiting for the answer";
}

Result<void> ConnectionExchange::takeHead() {
  in_body_ = true;
  response_ = reader_.takeResponse();
  if (follows_redirect_ && isRedirect(response_.status)) {
    auto target = redirectTarget(url_, target_, response_.header("location"));
    if (target) {
      redirect_ = std::move(*target);
      wanted_ = false;
      return {};
    }
  }
  wanted_ = response_.status == 200 || any_status_body_;
  return wanted_ ? prepareBody() : Result<void>();
}

Result<void> ConnectionExchange::prepareBody() {
  const auto length = reader_.contentLength();
  if (length == 0U) return {};
  const auto encoding = lowered(response_.header("content-encoding"));
  if (encoding == "gzip" || encoding == "x-gzip") {
    gunzip_ = std::make_unique<Gunzip>();
    return {};
  }
  if (!encoding.empty() && encoding != "identity") {
    return located({Fault::Format,
                    "the Content-Encoding of the body is not gzip, expected gzip or none",
                    {},
                    {}});
  }
  if (length && body_limit_ != 0 && *length > body_limit_) return overLimit();
  return {};
}

Result<std::string_view> ConnectionExchange::bounded(std::string_view block) {
  delivered_ += block.size();
  if (body_limit_ != 0 && delivered_ > body_limit_) return overLimit();
  return block;
}

// The answer is known, whether or not this succeeds.
async::Task<> ConnectionExchange::drain(async::Scope& outer) {
  async::Scope scope(outer, outer.loop().now() + kDrainTime);
  const bool explains = saysWhyInItsBody(response_.status);
  const bool costs = !reader_.persistent() || reader_.contentLength().value_or(0) > kDrainBytes;
  if (costs && !explains) co_return;
  for (std::size_t drained = 0; drained <= kDrainBytes;) {
    const auto step = co_await nextStep(scope);
    if (!step) co_return;
    if (step->event == ResponseEvent::End) co_return finish(isReusable());
    drained += step->body.size();
    if (!explains) continue;
    response_.excerpt += step->body.substr(0, kExcerptBytes - response_.excerpt.size());
    if (costs && response_.excerpt.size() == kExcerptBytes) co_return;
  }
}

Error ConnectionExchange::overLimit() const {
  return located(
      {Fault::Limit,
       "the body is longer than body_size_limit of " + std::to_string(body_limit_) + " bytes",
       {},
       {}});
}

Error ConnectionExchange::located(Error error) const {
  error.what = url_.authority() + ": " + error.what;
  return error;
}

}  // namespace postern::upstream
