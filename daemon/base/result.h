#pragma once

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/fault.h"

namespace postern {

// Why a step failed: Error{Fault::Format, "what is wrong"}, or the result of a factory below.
struct Error {
  Fault fault;
  std::string what;       // for people; never contains a secret, ends without a full stop
  std::string next = {};  // what happens next; empty: faultInfo(fault).next
  std::optional<std::chrono::seconds> retry_after = {};  // for the scraper's Retry-After
  // What fixes it, if the creator of the error knows; `what` may end with ": " and this.
  std::string remedy = {};
  Detail detail = Detail::None;

  // `what` without the remedy.
  std::string problem() const;
};

// "problem: remedy".
Error withRemedy(Fault fault, std::string problem, std::string remedy,
                 Detail detail = Detail::None);
// Splits a sentence "what is wrong: what to do": the remedy follows its last ": " outside of
// brackets. A caller that quotes foreign text must pass the two separately.
Error withRemedy(Fault fault, std::string sentence);
// The same error with the prefix "place: ": where it happened, or during which step.
Error withContext(std::string_view place, Error error);

// A value or an error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  // Require a value.
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  // Require an error.
  const Error& error() const& {
    assert(!*this);
    return *std::get_if<Error>(&state_);
  }
  Error&& error() && {
    assert(!*this);
    return std::move(*std::get_if<Error>(&state_));
  }

 private:
  T& value() {
    assert(*this);
    return *std::get_if<T>(&state_);
  }
  const T& value() const {
    assert(*this);
    return *std::get_if<T>(&state_);
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  const Error& error() const& {
    assert(error_);
    return *error_;
  }
  Error&& error() && {
    assert(error_);
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace postern

#define POSTERN_JOINED_(a, b) a##b
#define POSTERN_JOINED(a, b) POSTERN_JOINED_(a, b)

// Declares a variable with the value of a Result, or returns its error to the caller:
//   TRY(const auto page, fetch(request));
// It is two statements: not usable in coroutines, nor as the branch of an `if` without braces.
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration takes none
#define TRY(declaration, ...)                                   \
  auto POSTERN_JOINED(tried_, __LINE__) = (__VA_ARGS__);        \
  if (!POSTERN_JOINED(tried_, __LINE__)) {                      \
    return std::move(POSTERN_JOINED(tried_, __LINE__)).error(); \
  }                                                             \
  declaration = *std::move(POSTERN_JOINED(tried_, __LINE__))
// NOLINTEND(bugprone-macro-parentheses)
// The same for a Result<void>, or if the value is not needed.
#define TRY_VOID(...)                                                        \
  do {                                                                       \
    if (auto tried = (__VA_ARGS__); !tried) return std::move(tried).error(); \
  } while (false)
