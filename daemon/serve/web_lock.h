#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/reloading.h"
#include "config/web_config.h"
#include "http/message.h"
#include "serve/basic_auth.h"
#include "serve/rate_limiter.h"
#include "tls/server_context.h"

namespace postern::serve {

// Whether a request may pass the door.
struct Admission {
  bool allowed = true;
  http::ResponseHead head;     // of the answer when it may not
  std::string_view body = {};  // likewise; a line of text that never dies
};

// What the web listener is and whom it lets in at one moment: see WebLock.
struct WebLockState;

// Access control of the web listener, as --web.config.file says.
//
// poll() compares what stat(2) says of that file and of those it names, and when that has changed
// loads all of them again and replaces the snapshot whole. A broken file, or broken material,
// changes nothing. Three things differ from exporter-toolkit, which reads the file at each request:
// whether TLS is spoken is decided at start; a change that asks nobody for a password or a client
// certificate any more holds once the file has rested for a poll, because a file that is being
// written is empty for a moment; and material that is missing at start does not end the process:
// every handshake is refused until it is there. Thread-safe.
class WebLock final : ReloadSource<WebLockState> {
 public:
  struct Files {
    config::Path config;        // empty: no lock, everybody is let in
    config::Path key_password;  // of the key that it names; may be empty
  };

  // Refused requests, by reason.
  enum class Reason { Unauthorized, RateLimit, Busy };
  static constexpr std::array<std::string_view, 3> kReasonNames = {"unauthorized", "rate_limit",
                                                                   "busy"};
  struct Counts {
    std::array<std::atomic<std::uint64_t>, kReasonNames.size()> refused{};
  };

  // The lock at one moment, immutable. A connection may keep it or ask for a new one at each
  // request.
  struct Snapshot {
    std::shared_ptr<SSL_CTX> tls;          // of connections to come; null: plain HTTP
    http::Headers headers;                 // of every answer, refusals too
    std::shared_ptr<BasicAuth> auth;       // null: no password is asked for
    std::shared_ptr<RateLimiter> limiter;  // null: no limit
    std::shared_ptr<Counts> counts;

    // Waits while a password is computed that has not been seen before, so on a worker's thread:
    // at most BasicAuth::kMostWaiting requests wait behind the one whose turn it is.
    // `open`: no password is asked for.
    Admission judge(const http::Request& request, bool open = false) const;
    // Whether judge() waits for nothing.
    bool settled(const http::Request& request) const;
  };

  struct Status {
    bool configured = false;                         // there is a --web.config.file
    bool reload_successful = true;                   // the last load
    SystemTime reloaded;                             // the last successful one
    bool closed = false;                             // no handshake can succeed yet; error says why
    std::string error;                               // of the last load when it failed, else empty
    std::optional<tls::Validity> server, client_ca;  // of what is in use
    std::array<std::uint64_t, kReasonNames.size()> refused{};  // by Reason
  };

  // A complaint for each file of a changed configuration that may not be read; none: all may.
  using Outside = std::function<std::vector<config::Complaint>(const std::vector<config::Path>&)>;

  // Loads at once. `clock` must outlive the lock.
  WebLock(Files files, const Clock& clock, Outside outside = {});

  // What is wrong with the file that was read at start; then the process has to end, and until it
  // does nobody is let in.
  const std::vector<config::Complaint>& complaints() const { return complaints_; }

  std::shared_ptr<const Snapshot> now() const;
  // Once a second, by one thread.
  void poll();
  Status status() const;

 private:
  using State = std::shared_ptr<const WebLockState>;

  std::string signature() override;
  Result<State> load(const State& former, std::string& signature) override;
  void onLoaded(const State& state) override;
  void onFailed(const ReloadFailure& failure) override;
  std::vector<std::string> mistakesIn(const config::WebConfigLoaded& read, bool at_start);
  State make(const config::WebConfigLoaded& read, tls::ServerContext context,
             const WebLockState* before) const;
  State state() const;

  const Files files_;
  const Clock& clock_;
  const Outside outside_;
  const std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
  std::vector<config::Complaint> complaints_;  // written by the constructor alone
  State at_start_;                             // likewise; in use until something has been loaded

  // Of a load alone.
  config::Tls named_;                // the files that the last load read beside the configuration
  std::string resting_;              // signature of a change that takes something off, at first
  std::vector<std::string> errors_;  // of the last load when it failed

  Reloading<WebLockState> reloading_;
};

struct WebLockState {
  WebLock::Snapshot snapshot;
  config::WebConfig config;
  std::optional<tls::Validity> server, client_ca;
  std::vector<std::string> warnings;  // what is used all the same
};

}  // namespace postern::serve
