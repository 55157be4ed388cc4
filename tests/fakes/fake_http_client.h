#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/event.h"
#include "async/loop.h"
#include "upstream/http_client.h"

namespace postern::testing {

// A service with scripted answers that records its requests. Its clock is that of the waiting
// scope's loop. For one loop.
class FakeHttpClient final : public upstream::HttpClient {
 public:
  struct Answer {
    int status = 200;
    std::string body;  // its first block
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::vector<std::string> more_blocks = {};
    std::chrono::milliseconds after{0};        // from the request to the head, or to the failure
    std::chrono::milliseconds block_after{0};  // before each block, and before the end
    bool hangs = false;                        // the head never arrives
    bool body_hangs = false;                   // the end of the body never arrives
    std::optional<Error> failure = {};         // replaces the head
    std::optional<Error> body_failure = {};    // replaces the end of the body
  };
  using Script = std::function<Result<Answer>(const upstream::Request&)>;

  explicit FakeHttpClient(Script script) : script_(std::move(script)) {}

  // From now on.
  void answers(Script script) { script_ = std::move(script); }
  const std::vector<upstream::Request>& requests() const { return requests_; }
  int count() const { return static_cast<int>(requests_.size()); }
  // Requests without a response, and exchanges that have not been destroyed.
  int inFlight() const { return in_flight_; }

  async::Task<Started> send(const upstream::Request& request, async::Scope& scope) override {
    if (scope.ended()) co_return timedOut();
    const InFlight self(in_flight_);
    requests_.push_back(request);
    const Script script = script_;  // which may set another one
    auto answer = script(request);
    if (!answer) co_return std::move(answer).error();
    const bool whole = answer->status == 200 || request.any_status_body;
    const bool came = co_await wait(answer->after, answer->hangs, scope);
    if (!came) co_return timedOut();
    if (answer->failure) co_return *answer->failure;
    co_return std::make_unique<Exchange>(*std::move(answer), whole, in_flight_);
  }

 private:
  struct InFlight {
    explicit InFlight(int& counted) : number(counted) { ++number; }
    ~InFlight() { --number; }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

    int& number;
  };

  static Error timedOut() { return {Fault::Timeout, "the service did not answer in time", "", {}}; }

  // Does not wait for a delay of 0.
  static async::Task<bool> wait(std::chrono::milliseconds time, bool hangs, async::Scope& scope) {
    async::Event never;
    if (hangs) co_return co_await never.wait(scope);
    if (time.count() == 0) co_return true;
    auto& loop = scope.loop();
    const auto until = loop.now() + time;
    co_return co_await loop.sleepUntil(until, scope);
  }

  class Exchange final : public upstream::HttpExchange {
   public:
    Exchange(Answer answer, bool whole, int& in_flight)
        : response_{answer.status, answer.headers},
          answer_(std::move(answer)),
          in_flight_(in_flight) {
      if (!whole) return;
      blocks_ = std::move(answer_.more_blocks);
      blocks_.insert(blocks_.begin(), std::move(answer_.body));
      std::erase(blocks_, "");
    }
    const upstream::Response& response() const override { return response_; }
    async::Task<Result<std::string_view>> read(async::Scope& scope) override {
      const bool ends = next_ == blocks_.size();
      const bool hangs = ends && answer_.body_hangs;
      const bool came = co_await wait(answer_.block_after, hangs, scope);
      if (!came) co_return timedOut();
      if (ends && answer_.body_failure) co_return *answer_.body_failure;
      co_return ends ? std::string_view() : std::string_view(blocks_[next_++]);
    }
    // As a body without a length: its end is a separate event.
    bool endIfWhole() override { return false; }

   private:
    const upstream::Response response_;
    Answer answer_;
    std::vector<std::string> blocks_;
    std::size_t next_ = 0;
    const InFlight in_flight_;
  };

  Script script_;
  std::vector<upstream::Request> requests_;
  int in_flight_ = 0;
};

}  // namespace postern::testing
