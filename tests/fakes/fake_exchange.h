#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "upstream/exchange.h"

namespace postern::testing {

// An upstream that answers as the test says, and remembers what it was sent. Thread-safe.
class FakeExchange final : public upstream::Exchange {
 public:
  struct Answer {
    int status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  using Script = std::function<Result<Answer>(const upstream::Request&)>;

  explicit FakeExchange(Script script) : script_(std::move(script)) {}
  void answers(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }
  std::vector<upstream::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  int count() const { return static_cast<int>(requests().size()); }

  Result<upstream::Response> exchange(const upstream::Request& request, Deadline,
                                      const upstream::OnHead& on_head,
                                      const upstream::OnBody& on_body) override {
    Script script;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      script = script_;
    }
    auto answer = script(request);
    if (!answer) return answer.error();
    upstream::Response response{answer->status, answer->headers};
    if (auto headed = on_head(response); !headed) return headed.error();
    if (answer->status == 200 || request.any_status_body) {
      if (auto taken = on_body(answer->body); !taken) return taken.error();
    }
    return response;
  }

 private:
  mutable std::mutex mutex_;
  Script script_;
  std::vector<upstream::Request> requests_;
};

}  // namespace postern::testing
