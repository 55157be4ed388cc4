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
#include "tls/store.h"
#include "upstream/client.h"
#include "upstream/resolver.h"

namespace postern::kube {

// Where the API server is and how we show it who we are.
struct ApiAccess {
  config::Url url;
  config::Path token_file;  // of the service account
  config::Path ca_file;
};

// The address that each pod finds in its environment; none outside of a cluster.
std::optional<config::Url> inClusterUrl();
// What the kubelet has written into `file` as our own namespace; empty outside of a cluster.
std::string namespaceIn(const config::Path& file);

// A question to the API server.
struct ApiRequest {
  std::string doing;  // for messages: "reading Secret postern/tls"
  std::string method = "GET";
  std::string path;                         // with the query
  std::string accept = "application/json";  // the form of the answer
  std::string content_type{};               // of the body
  Secret body{};                            // JSON
  std::size_t answer_limit = 4U << 20;      // bytes
  std::vector<std::string> leave_out{};     // keys of the answer that are dropped as they are read
  // A status beside 2xx with which all is well, as 404 where there may be nothing yet; 0: none.
  // For the counts alone.
  int expected = 0;
};

struct ApiAnswer;  // kube/api_answer.h

// What became of a request. Each name is also the `result` label of
// postern_inject_api_requests_total.
enum class Outcome {
  Ok,
  Refused,  // answered with a status that is neither 2xx nor expected
  Failed,   // no answer that can be used: no token, no connection, too late, no JSON
};
inline constexpr std::array<std::string_view, 3> kOutcomeNames = {"ok", "refused", "failed"};

// Speaks HTTPS with the Kubernetes API server, on a loop of its own. Reads the token again for each
// request, because the kubelet renews it, and the CA when its file has changed. Counts its
// requests. Thread-safe: each caller waits for its own answer.
class ApiClient {
 public:
  using Counts = std::array<std::uint64_t, kOutcomeNames.size()>;  // by Outcome

  static constexpr std::chrono::seconds kPatience{10};  // for one answer

  // `clock`, which dates the CA, must outlive the client. Throws Poco::Exception without a free
  // descriptor, std::system_error without a thread.
  ApiClient(const ApiAccess& access, const Clock& clock);

  // Any status is an answer and no error. Errors, which say what was being done: those of
  // upstream::HttpClient and HttpExchange, and NoCredential or CredentialSource for the token.
  Result<ApiAnswer> ask(const ApiRequest& request);
  // The same, but an answer that is not 2xx, or is no JSON, is an error too: Forbidden, Status or
  // Format.
  Result<Json> fetch(const ApiRequest& request);

  Counts counts() const;

 private:
  Result<ApiAnswer> send(const ApiRequest& request);
  // On the loop. Writes the body of the answer to `body`.
  async::Task<Result<upstream::Response>> exchange(const upstream::Request& request, Secret& body);

  const config::Path token_file_;
  const std::string authority_;
  const RealClock real_clock_;  // of deadlines: the API server does not know `clock`
  upstream::Resolver resolver_;
  tls::Store material_;
  async::ThreadPool pool_{1};  // computes handshakes
  async::LoopThread loop_thread_{real_clock_};
  const std::shared_ptr<upstream::Client> client_;  // on the loop
  std::array<std::atomic<std::uint64_t>, kOutcomeNames.size()> counts_{};
};

// Why `answer` is not what was wanted. Status; Forbidden for 401 and 403.
Error refusal(const ApiRequest& request, const ApiAnswer& answer);

}  // namespace postern::kube
