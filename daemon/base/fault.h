#pragma once

#include <array>
#include <cstddef>
#include <string_view>

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
  int http_status;        // status of the response to the scraper
  std::string_view next;  // what happens next, unless the failed step sets its own text
};

// In the order of the enumeration.
inline constexpr std::array<FaultInfo, 19> kFaults = {{
    {Fault::NoCredential, "no_credential", 503, "the next scrape looks for the credential again"},
    {Fault::CredentialSource, "credential_source", 503,
     "the next scrape reads the credential again"},
    {Fault::LoginRejected, "login_rejected", 502,
     "no login is sent until the back-off ends or the credential changes"},
    {Fault::LoginThrottled, "login_throttled", 503, "no login is sent until the back-off ends"},
    {Fault::LoginFailed, "login_failed", 502, "postern retries the login after the back-off"},
    {Fault::Backoff, "backoff", 503, "nothing is sent until the back-off ends"},
    {Fault::Resolve, "resolve", 502, "the next scrape repeats the lookup"},
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
    {Fault::Config, "config", 503,
     "postern reads the configuration again every 10 s, and when the file changes"},
}};

constexpr const FaultInfo& faultInfo(Fault fault) {
  return kFaults[static_cast<std::size_t>(fault)];
}
constexpr std::string_view faultName(Fault fault) {
  return faultInfo(fault).name;
}

// Whether the scrape of a target can end with it. The others occur without a target.
constexpr bool isOfTarget(Fault fault) {
  return fault != Fault::UnknownTarget && fault != Fault::Config;
}

// Details of an error that its fault does not distinguish, for code that acts on them. None: the
// fault suffices. The name of each value (see detailName) is in /api/v1/status.
enum class Detail {
  None,
  ClientCertificate,  // the peer requires one, or refuses postern's
  NotTls,             // the peer speaks another protocol
  Http2Only,
  Misdirected,     // the peer does not serve the requested name
  PasswordChange,  // the service requires a new password first
};

constexpr std::string_view detailName(Detail detail) {
  constexpr std::array<std::string_view, 6> names = {
      "", "client_certificate", "not_tls", "http2_only", "misdirected", "password_change"};
  return names[static_cast<std::size_t>(detail)];
}

}  // namespace postern
