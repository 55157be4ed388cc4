#include "upstream/transfer.h"

#include <algorithm>

#include "base/text.h"
#include "upstream/client_refusal.h"
#include "upstream/redirect.h"

namespace postern::upstream {
namespace {

// What is read of a body that nobody wants, so that the connection can be kept: beyond it a
// new connection costs less.
constexpr std::size_t kDrainBytes = 64U << 10;
constexpr std::chrono::milliseconds kDrainTime{250};
// What is kept of the body of a refusal: nginx' own pages are shorter.
constexpr std::size_t kExcerptBytes = 1U << 10;

bool isRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

Transfer::Transfer(Connection& connection, const Order& order)
    : connection_(connection),
      order_(order),
      deadline_(order.deadline),
      reader_(order.request.method == "HEAD") {}

Result<Response> Transfer::run(std::string_view request_bytes) {
  if (!request_bytes.empty()) {
    auto written = connection_.write(request_bytes, deadline_);
    if (!written) return std::move(written).error();
  }
  auto answer = readAnswer();
  if (!answer) return std::move(answer).error();
  auto response = reader_.takeResponse();
  response.excerpt = std::move(excerpt_);
  return response;
}

Result<void> Transfer::readAnswer() {
  for (;;) {
    auto step = nextStep();
    if (!step) return std::move(step).error();
    if (step->event == ResponseReader::Event::End) break;
    auto taken = step->event == ResponseReader::Event::Head ? takeHead() : deliver(step->body);
    if (!taken) return taken;
    if (!wanted_) {
      drain();
      return {};
    }
  }
  if (gunzip_) {
    auto whole = gunzip_->finish();
    if (!whole) return located(std::move(whole).error());
  }
  noteWhole();
  return {};
}

void Transfer::noteWhole() {
  reusable_ = reader_.persistent() && !ended_ && input_.empty();
}

// Head, Body or End: reads until there is one of them.
Result<ResponseReader::Step> Transfer::nextStep() {
  for (;;) {
    auto step = reader_.next(input_);
    if (!step) return located(std::move(step).error());
    if (step->event != ResponseReader::Event::More) return step;
    auto read = readMore();
    if (!read) return std::move(read).error();
    if (ended_) return ResponseReader::Step{ResponseReader::Event::End, {}};
  }
}

Result<void> Transfer::readMore() {
  auto block = connection_.read(
      deadline_, in_body_ ? "while reading the body" : "while waiting for the answer");
  if (!block) return std::move(block).error();
  input_ = block->bytes;
  if (block->end == Connection::End::None) return {};
  auto whole = reader_.endOfStream(block->end == Connection::End::Clean);
  if (!whole) return located(std::move(whole).error());
  ended_ = true;
  return {};
}

Result<void> Transfer::takeHead() {
  in_body_ = true;
  const Response& response = reader_.response();
  if (order_.redirects_left && isRedirect(response.status)) {
    auto target = redirectTarget(order_.url, order_.target, response.header("location"));
    if (target) {
      redirect_ = std::move(*target);
      wanted_ = false;
      return {};
    }
  }
  if (order_.on_head) {
    auto taken = order_.on_head(response);
    if (!taken) return taken;
  }
  wanted_ = response.status == 200 || order_.request.any_status_body;
  return wanted_ ? prepareBody() : Result<void>();
}

Result<void> Transfer::prepareBody() {
  const auto length = reader_.contentLength();
  if (length == 0U) return {};
  const auto encoding = lowered(reader_.response().header("content-encoding"));
  if (encoding == "gzip" || encoding == "x-gzip") {
    gunzip_ = std::make_unique<Gunzip>();
    unpacked_ = [this](std::string_view block) { return deliverUnpacked(block); };
    return {};
  }
  if (!encoding.empty() && encoding != "identity") {
    return located({Fault::Format,
                    "the body has a Content-Encoding other than gzip, which alone was asked for",
                    {},
                    {}});
  }
  if (length && order_.request.body_limit != 0 && *length > order_.request.body_limit) {
    return overLimit();
  }
  return {};
}

Result<void> Transfer::deliver(std::string_view block) {
  if (!gunzip_) return deliverUnpacked(block);
  auto fed = gunzip_->feed(block, unpacked_);
  if (!fed && !refused_) return located(std::move(fed).error());
  return fed;
}

Result<void> Transfer::deliverUnpacked(std::string_view block) {
  delivered_ += block.size();
  Result<void> taken;
  if (order_.request.body_limit != 0 && delivered_ > order_.request.body_limit) {
    taken = overLimit();
  } else if (order_.on_body) {
    taken = order_.on_body(block);
  }
  refused_ = !taken;
  return taken;
}

// Whether that succeeds or not, the answer is known.
void Transfer::drain() {
  deadline_ = deadline_.cappedAt(deadlineIn(kDrainTime));
  const bool explains = saysWhyInItsBody(reader_.response().status);
  const bool costs = !reader_.persistent() || reader_.contentLength().value_or(0) > kDrainBytes;
  if (costs && !explains) return;
  for (std::size_t drained = 0; drained <= kDrainBytes;) {
    const auto step = nextStep();
    if (!step) return;
    if (step->event == ResponseReader::Event::End) return noteWhole();
    drained += step->body.size();
    if (!explains) continue;
    excerpt_ += step->body.substr(0, kExcerptBytes - excerpt_.size());
    if (costs && excerpt_.size() == kExcerptBytes) return;
  }
}

Error Transfer::overLimit() const {
  return located({Fault::Limit,
                  "the body is longer than body_size_limit of " +
                      std::to_string(order_.request.body_limit) + " bytes",
                  {},
                  {}});
}

Error Transfer::located(Error error) const {
  error.what = order_.url.authority() + ": " + error.what;
  return error;
}

}  // namespace postern::upstream
