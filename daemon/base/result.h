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

// Why there is no value: Error{Fault::Format, "what is wrong"}, or what a factory below makes.
struct Error {
  Fault fault;
  std::string what;       // for a human; never holds a secret, ends without a full stop
  std::string next = {};  // what happens next; empty: faultInfo(fault).next
  std::optional<std::chrono::seconds> retry_after = {};  // for the scraper's Retry-After
  // What mends it, where the place that made the error knows; `what` may end with ": " and this.
  std::string remedy = {};
  Detail detail = Detail::None;

  // `what` without the remedy.
  std::string problem() const;
};

// "problem: remedy".
Error withRemedy(Fault fault, std::string problem, std::string remedy,
                 Detail detail = Detail::None);
// Of a sentence "what is wrong: what to do": the remedy follows its last ": " outside of brackets.
// Whoever quotes the words of others gives the two apart.
Error withRemedy(Fault fault, std::string sentence);
// The same error with "place: " before it: where it happened, or during what.
Error withContext(std::string_view place, Error error);

// A value, or the reason why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  // Require that there is a value.
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  // Require that there is none.
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
// Not for coroutines, nor for the branch of an `if` without braces: it is two statements.
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration takes none
#define TRY(declaration, ...)                                   \
  auto POSTERN_JOINED(tried_, __LINE__) = (__VA_ARGS__);        \
  if (!POSTERN_JOINED(tried_, __LINE__)) {                      \
    return std::move(POSTERN_JOINED(tried_, __LINE__)).error(); \
  }                                                             \
  declaration = *std::move(POSTERN_JOINED(tried_, __LINE__))
// NOLINTEND(bugprone-macro-parentheses)
// The same for a Result<void>, or whose value does not matter.
#define TRY_VOID(...)                                                        \
  do {                                                                       \
    if (auto tried = (__VA_ARGS__); !tried) return std::move(tried).error(); \
  } while (false)
