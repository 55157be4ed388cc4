#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/loop_thread.h"
#include "async/task.h"
#include "async/thread_pool.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"
#include "kube/json.h"
#include "tls/material_store.h"
#include "upstream/client.h"
#include "upstream/resolver.h"

namespace postern::kube {

// The address of the API server, and the files for authentication.
struct ApiAccess {
  config::Url url;
  config::Path token_file;  // of the service account
  config::Path ca_file;
};

// The address in the environment of each pod; nothing outside of a cluster.
std::optional<config::Url> inClusterUrl();
// The pod's namespace, which the kubelet writes into `file`; empty outside of a cluster.
std::string namespaceIn(const config::Path& file);

// A request to the API server.
struct ApiRequest {
  std::string doing;  // for messages: "reading Secret postern/tls"
  std::string method = "GET";
  std::string path;                         // with the query
  std::string accept = "application/json";  // of the response
  std::string content_type{};               // of the body
  Secret body{};                            // JSON
  std::size_t answer_limit = 4U << 20;      // bytes
  std::vector<std::string> leave_out{};     // keys of the response that are dropped while parsing
  // A status in addition to 2xx that counts as success, such as 404 for an object that may not
  // exist yet; 0: no such status. Only for the counters.
  int expected = 0;
};

struct ApiAnswer;  // kube/api_answer.h

// The result of a request. Each name is also the `result` label of
// postern_inject_api_requests_total.
enum class ApiOutcome {
  Ok,
  Refused,  // answered with a status that is neither 2xx nor expected
  Failed,   // no usable response: no token, no connection, timeout, invalid JSON
};
inline constexpr std::array<std::string_view, 3> kApiOutcomeNames = {"ok", "refused", "failed"};

// Client of the Kubernetes API server over HTTPS, on an event loop of its own. Reads the token
// again for each request, because the kubelet renews it, and the CA when its file has changed.
// Counts its requests. Thread-safe: each caller waits for its own response.
class ApiClient {
 public:
  using RequestCounts = std::array<std::uint64_t, kApiOutcomeNames.size()>;  // by ApiOutcome

  static constexpr std::chrono::seconds kPatience{10};  // timeout of one response

  // `clock`, which gives the time for checks of the CA, must outlive the client. Throws
  // Poco::Exception without a free descriptor, std::system_error without a thread.
  ApiClient(const ApiAccess& access, const Clock& clock);

  // Any status is a response, not an error. Errors name the operation: those of
  // upstream::HttpClient and HttpExchange, and NoCredential or CredentialSource for the token.
  Result<ApiAnswer> ask(const ApiRequest& request);
  // The same, but a response that is not 2xx or not JSON is an error too: Forbidden, Status or
  // Format.
  Result<Json> fetch(const ApiRequest& request);

  RequestCounts counts() const;

 private:
  Result<ApiAnswer> send(const ApiRequest& request);
  // On the loop. Writes the body of the response to `body`.
  async::Task<Result<upstream::Response>> exchange(const upstream::Request& request, Secret& body);

  const config::Path token_file_;
  const std::string authority_;
  const RealClock real_clock_;  // for deadlines: the API server does not know `clock`
  upstream::Resolver resolver_;
  tls::MaterialStore material_;
  async::ThreadPool pool_{1};  // computes handshakes
  async::LoopThread loop_thread_{real_clock_};
  const std::shared_ptr<upstream::Client> client_;  // on the loop
  std::array<std::atomic<std::uint64_t>, kApiOutcomeNames.size()> counts_{};
};

// The error for an `answer` with an unwanted status. Status; Forbidden for 401 and 403.
Error refusal(const ApiRequest& request, const ApiAnswer& answer);

}  // namespace postern::kube
