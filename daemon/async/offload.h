#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/event.h"
#include "async/job_runner.h"
#include "async/loop.h"
#include "async/scope.h"
#include "async/task.h"

namespace postern::async {

// Runs `function` as a job: for work that may block, or computes for more than a millisecond.
// Returns its result; not set when the scope ended first. The call is then over for the task, but
// the function may still run, so it must own what it uses. It must not throw. Make the function a
// named object and move it in (see Task).
template <typename Function>
Task<std::optional<std::invoke_result_t<Function>>> offload(JobRunner& runner, Scope& scope,
                                                            Function function) {
  using Returned = std::invoke_result_t<Function>;
  struct OffloadedCall {
    explicit OffloadedCall(Function called) : function(std::move(called)) {}
    Function function;
    std::optional<Returned> value;
    Event done;  // on the loop
  };
  const auto call = std::make_shared<OffloadedCall>(std::move(function));
  if (scope.ended()) co_return std::nullopt;
  Work work = [call, inbox = scope.loop().inbox()]() mutable {
    call->value.emplace(call->function());
    auto& posting = *inbox;
    posting.post([call = std::move(call)] { call->done.set(); });
  };
  runner.run(std::move(work));
  if (const bool came = co_await call->done.wait(scope); !came) co_return std::nullopt;
  co_return std::move(call->value);
}

}  // namespace postern::async
