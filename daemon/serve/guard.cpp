#include "serve/guard.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"

namespace postern::serve {
namespace {

// Adds headers to the head of the answer that goes through it.
class WithHeaders final : public http::ResponseSink {
 public:
  WithHeaders(http::ResponseSink& sink, const http::Headers& headers)
      : sink_(sink), headers_(headers) {}

  void send(const http::ResponseHead& head, std::string_view body) override {
    sink_.send(extended(head), body);
  }
  bool begin(const http::ResponseHead& head) override { return sink_.begin(extended(head)); }
  bool write(std::string_view block) override { return sink_.write(block); }
  bool finish() override { return sink_.finish(); }
  void abort() override { sink_.abort(); }
  std::chrono::milliseconds waited() const override { return sink_.waited(); }
  bool clientGone() const override { return sink_.clientGone(); }
  void disconnect() override { sink_.disconnect(); }

 private:
  http::ResponseHead extended(http::ResponseHead head) const {
    // What the file says of a header stands instead of what we say.
    std::erase_if(head.headers, [&](const auto& own) {
      return std::any_of(headers_.begin(), headers_.end(), [&](const auto& given) {
        return equalsIgnoringCase(given.first, own.first);
      });
    });
    head.headers.insert(head.headers.end(), headers_.begin(), headers_.end());
    return head;
  }

  http::ResponseSink& sink_;
  const http::Headers& headers_;
};

}  // namespace

void Guard::handle(const http::Request& request, http::ResponseSink& sink) const {
  const auto lock = lock_.now();
  WithHeaders extending(sink, lock->headers);
  auto& answer = lock->headers.empty() ? sink : extending;
  const auto admission = lock->judge(request, open_(request));
  if (!admission.allowed) return answer.send(admission.head, admission.body);
  handler_(request, answer);
}

bool Guard::quick(const http::Request& request) const {
  return (open_(request) || lock_.now()->settled(request)) && quick_(request);
}

}  // namespace postern::serve
