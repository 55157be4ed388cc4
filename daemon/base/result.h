#pragma once

#include <array>
#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace postern {

// Why a step failed. The name of each value (see faultName) is the `reason` label
// of postern_scrape_failures_total, the reason phrase of the status line and the
// first word of the body, so adding one changes the public surface.
enum class Fault {
  NoCredential,
  CredentialSource,
  LoginRejected,
  LoginThrottled,
  LoginFailed,
  Backoff,
  Resolve,
  Connect,
  Tls,
  Timeout,
  Status,
  Forbidden,
  Empty,
  Format,
  Limit,
  Truncated,
  UnknownTarget,
  Busy,
  Config,
};

struct FaultInfo {
  Fault fault;
  std::string_view name;
  int http_status;        // what the scraper is answered
  std::string_view next;  // what happens next, when the step that failed does not know better
};

// In the order of the enumeration.
inline constexpr std::array<FaultInfo, 19> kFaults = {{
    {Fault::NoCredential, "no_credential", 503, "it is looked for again at the next scrape"},
    {Fault::CredentialSource, "credential_source", 503, "it is asked again at the next scrape"},
    {Fault::LoginRejected, "login_rejected", 502,
     "no login is sent until the back-off ends or the credential changes"},
    {Fault::LoginThrottled, "login_throttled", 503, "no login is sent until the back-off ends"},
    {Fault::LoginFailed, "login_failed", 502, "the login is tried again after the back-off"},
    {Fault::Backoff, "backoff", 503, "nothing is sent until the back-off ends"},
    {Fault::Resolve, "resolve", 502, "the next scrape asks again"},
    {Fault::Connect, "connect", 502, "the next scrape tries again"},
    {Fault::Tls, "tls", 502, "the next scrape tries again"},
    {Fault::Timeout, "timeout", 504, "the next scrape tries again"},
    {Fault::Status, "status", 502, "the next scrape tries again"},
    {Fault::Forbidden, "forbidden", 502, "the next scrape tries again without a new login"},
    {Fault::Empty, "empty", 502, "the next scrape tries again"},
    {Fault::Format, "format", 502, "the next scrape tries again"},
    {Fault::Limit, "limit", 502, "the next scrape tries again"},
    {Fault::Truncated, "truncated", 502, "the next scrape tries again"},
    {Fault::UnknownTarget, "unknown_target", 404, "GET /health lists the targets"},
    {Fault::Busy, "busy", 503, "try again later"},
    {Fault::Config, "config", 503, "it is looked at again every 10 s, and as soon as it changes"},
}};

constexpr const FaultInfo& faultInfo(Fault fault) {
  return kFaults[static_cast<std::size_t>(fault)];
}
constexpr std::string_view faultName(Fault fault) {
  return faultInfo(fault).name;
}

// Whether the scrape of a target can end with it: for the others there is no target.
constexpr bool isOfTarget(Fault fault) {
  return fault != Fault::UnknownTarget && fault != Fault::Config;
}

// What an error is about, where its fault alone does not tell: for those who act on it. None: the
// fault says it all. The name of each value (see detailName) is in /api/v1/status.
enum class Detail {
  None,
  ClientCertificate,  // the other end wants one, or refuses ours
  NotTls,             // the other end speaks something else
  Http2Only,
  Misdirected,     // it does not serve the name that it was asked for
  PasswordChange,  // it wants a new password before anything else
};

constexpr std::string_view detailName(Detail detail) {
  constexpr std::array<std::string_view, 6> names = {
      "", "client_certificate", "not_tls", "http2_only", "misdirected", "password_change"};
  return names[static_cast<std::size_t>(detail)];
}

struct Error {
  Fault fault;
  std::string what;  // for a human; never holds a secret, ends without a full stop
  std::string next;  // what happens next; empty: faultInfo(fault).next
  std::optional<std::chrono::seconds> retry_after;  // for the scraper's Retry-After
  // What mends it, where the place that made the error knows; `what` may end with ": " and this.
  std::string remedy = {};
  Detail detail = Detail::None;

  // `what` without the remedy.
  std::string problem() const {
    const std::string end = ": " + remedy;
    if (remedy.empty() || !what.ends_with(end)) return what;
    return what.substr(0, what.size() - end.size());
  }
};

inline Error withRemedy(Fault fault, std::string problem, std::string remedy,
                        Detail detail = Detail::None) {
  Error error{fault, std::move(problem), {}, {}, std::move(remedy), detail};
  error.what.append(": ").append(error.remedy);
  return error;
}

// Of a sentence "what is wrong: what to do": the remedy follows its last ": " outside of brackets.
// Whoever quotes the words of others gives the two apart.
inline Error withRemedy(Fault fault, std::string sentence) {
  Error error{fault, std::move(sentence), {}, {}};
  int depth = 0;
  std::size_t found = std::string::npos;
  for (std::size_t i = 0; i + 1 < error.what.size(); ++i) {
    if (error.what[i] == '(') ++depth;
    if (error.what[i] == ')') --depth;
    if (depth == 0 && error.what[i] == ':' && error.what[i + 1] == ' ') found = i;
  }
  if (found != std::string::npos) error.remedy = error.what.substr(found + 2);
  return error;
}

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
