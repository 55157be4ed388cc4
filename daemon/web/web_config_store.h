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
#include "tls/server_context.h"
#include "web/basic_auth.h"
#include "web/rate_limiter.h"

// Access control of the web listener: loads the web configuration, and reloads it after a change.

namespace postern::web {

// Whether access control admits a request.
struct Admission {
  bool allowed = true;
  http::ResponseHead head;     // of the answer to a refused request
  std::string_view body = {};  // likewise; a line of static text
};

struct WebConfigFiles {
  config::Path config;        // empty: no access control
  config::Path key_password;  // of the key in that file; may be empty
};

// Refused requests, by reason.
enum class Rejection { Unauthorized, RateLimit, Busy };
inline constexpr std::array<std::string_view, 3> kRejectionNames = {"unauthorized", "rate_limit",
                                                                    "busy"};

struct WebConfigStatus {
  bool configured = false;                         // whether --web.config.file is set
  bool reload_successful = true;                   // whether the last load succeeded
  SystemTime reloaded;                             // when a load last succeeded
  bool closed = false;                             // no handshake can succeed yet; `error` says
                                                   // why
  std::string error;                               // of the last load if it failed, else empty
  std::optional<tls::Validity> server, client_ca;  // of the material in use
  std::array<std::uint64_t, kRejectionNames.size()> refused{};  // by Rejection
};

// TLS and access control of the web listener at one moment: see WebConfigStore.
struct WebConfigState;

// Access control of the web listener, configured by --web.config.file.
//
// poll() compares the stat(2) data of that file and of the files that it names. After a change it
// loads all of them and replaces the snapshot. An invalid file or invalid material changes nothing.
// Three rules differ from exporter-toolkit, which reads the file at each request:
// - Whether TLS is spoken is decided at start.
// - A change that ends a check of passwords or client certificates applies only when the file stays
//   unchanged for one poll, because a file is empty for a moment while it is written.
// - Missing material at start does not end the process: every handshake is refused until it exists.
// Thread-safe.
class WebConfigStore final : ReloadSource<WebConfigState> {
 public:
  struct RejectionCounts {
    std::array<std::atomic<std::uint64_t>, kRejectionNames.size()> refused{};
  };

  // Access control at one moment, immutable. A connection may keep it or ask for a new one at each
  // request.
  struct AccessSnapshot {
    std::shared_ptr<SSL_CTX> tls;          // for new connections; null: plain HTTP
    http::Headers headers;                 // of every answer, also of refusals
    std::shared_ptr<BasicAuth> auth;       // null: no password is required
    std::shared_ptr<RateLimiter> limiter;  // null: no limit
    std::shared_ptr<RejectionCounts> counts;

    // Blocks while a password that is not remembered is computed, so call it on a thread of the
    // pool. At most BasicAuth::kMostWaiting requests wait behind the current one. `open`: no
    // password is required.
    Admission admit(const http::Request& request, bool open = false) const;
    // Whether admit() returns without waiting.
    bool settled(const http::Request& request) const;
  };

  // An error for each file of a changed configuration that may not be read; empty: all may.
  using Outside = std::function<std::vector<config::ConfigError>(const std::vector<config::Path>&)>;

  // Loads immediately. `clock` must outlive the store.
  WebConfigStore(WebConfigFiles files, const Clock& clock, Outside outside = {});

  // The mistakes of the file at start. They end the process; until then everybody is refused.
  const std::vector<config::ConfigError>& startErrors() const { return start_errors_; }

  std::shared_ptr<const AccessSnapshot> now() const;
  // Call once a second, on one thread.
  void poll();
  WebConfigStatus status() const;

 private:
  using StatePtr = std::shared_ptr<const WebConfigState>;

  std::string signature() override;
  Result<StatePtr> load(const StatePtr& former, std::string& signature) override;
  void onLoaded(const StatePtr& state) override;
  void onFailed(const ReloadFailure& failure) override;
  std::vector<std::string> mistakesIn(const config::LoadedWebConfig& read, bool at_start);
  StatePtr make(const config::LoadedWebConfig& read, tls::ServerContext context,
                const WebConfigState* before) const;
  StatePtr state() const;

  const WebConfigFiles files_;
  const Clock& clock_;
  const Outside outside_;
  const std::shared_ptr<RejectionCounts> counts_ = std::make_shared<RejectionCounts>();
  std::vector<config::ConfigError> start_errors_;  // written only by the constructor
  StatePtr at_start_;                              // likewise; in use until a load succeeds

  // Used only by a load.
  config::Tls named_;                // the files that the last load read beside the configuration
  std::string resting_;              // signature of a change that removes a check, when first seen
  std::vector<std::string> errors_;  // of the last load if it failed

  Reloading<WebConfigState> reloading_;
};

struct WebConfigState {
  WebConfigStore::AccessSnapshot snapshot;
  config::WebConfig config;
  std::optional<tls::Validity> server, client_ca;
  std::vector<std::string> warnings;  // about material in use
};

}  // namespace postern::web
