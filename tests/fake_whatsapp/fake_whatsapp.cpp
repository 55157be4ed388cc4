#include "fake_whatsapp/fake_whatsapp.h"

#include <openssl/ssl.h>

#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "Poco/Net/Context.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/StreamCopier.h"
#include "Poco/ThreadPool.h"
#include "Poco/URI.h"
#include "fake_whatsapp/accounts.h"
#include "fake_whatsapp/answer.h"
#include "fake_whatsapp/pages.h"

namespace postern::testing {
namespace {

using Poco::Net::Context;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

constexpr const char* kLogin = "/v1/users/login";
constexpr const char* kLogout = "/v1/users/logout";
constexpr const char* kCa = "/v1/certificates/external/ca";

// The state that all requests share.
struct State {
  std::mutex mutex;
  Behaviour behaviour;
  Accounts accounts;
  std::map<std::string, Provocation> provocations;
  Counters counters;
};

// Of one request, read before the lock is taken.
struct Call {
  std::string method;
  std::string path;
  std::string query;
  std::string authorization;
  std::string body;
  std::string address;
};

Answer json(int status, std::string body) {
  return {status, "application/json", {}, std::move(body)};
}

Answer rejected(const Behaviour& behaviour) {
  Answer answer{401, "text/html", {{"WWW-Authenticate", "Basic realm=\"whatsapp\""}}, ""};
  if (behaviour.html_rejection) answer.body = "<html><h1>401 Unauthorized</h1></html>";
  return answer;
}

std::string newPassword(const std::string& body) {
  const auto document = nlohmann::json::parse(body, nullptr, false);
  return document.is_object() ? document.value("new_password", std::string()) : std::string();
}

Answer logIn(State& state, const Call& call, Moment now) {
  ++state.counters.logins;
  Accounts::Token token;
  const Accounts::Request request{call.authorization, newPassword(call.body), call.address};
  switch (state.accounts.login(request, state.behaviour, now, token)) {
    case Accounts::Login::Good:
      ++state.counters.good_logins;
      return json(200, loginAnswer(token.text, token.expires));
    case Accounts::Login::Throttled:
      ++state.counters.throttled_logins;
      return json(429, errorAnswer(1015, "Too many requests"));
    case Accounts::Login::PasswordChangeRequired:
      ++state.counters.bad_logins;
      return json(401, errorAnswer(1024, "Password change required"));
    case Accounts::Login::WrongPassword: break;
  }
  ++state.counters.bad_logins;
  return rejected(state.behaviour);
}

Answer metricsPage(const State& state, const Call& call) {
  const bool text = call.query.find("format=prometheus") != std::string::npos;
  if (!state.behaviour.core_up) {
    if (text) return {200, "text/html", {}, ""};
    return json(500, errorAnswer(1014, "Internal error", "core application is not reachable"));
  }
  if (text) return {200, "text/html; charset=UTF-8", {}, metricsText(state.behaviour)};
  return json(200, metricsJson(state.behaviour));
}

Answer page(const State& state, const Call& call) {
  static const std::map<std::string, std::pair<std::string, bool>> stats = {
      {"/v1/stats/app", {"app", false}},
      {"/v1/stats/app/internal", {"app", true}},
      {"/v1/stats/db", {"db", false}},
      {"/v1/stats/db/internal", {"db", true}}};
  if (call.path == "/metrics") return metricsPage(state, call);
  if (call.path == "/v1/health") return json(200, healthJson(state.behaviour));
  if (const auto found = stats.find(call.path); found != stats.end()) {
    return json(200, statsJson(found->second.first, found->second.second, state.behaviour));
  }
  return json(404, errorAnswer(1006, "Resource not found"));
}

Answer guardedPage(State& state, const Call& call, Moment now) {
  switch (state.accounts.access(call.authorization, call.path, state.behaviour, now)) {
    case Accounts::Access::Granted: return page(state, call);
    case Accounts::Access::RoleTooSmall:
      return json(403, errorAnswer(1005, "Access denied", "Role is not sufficient"));
    case Accounts::Access::NoToken: break;
  }
  ++state.counters.rejected_requests;
  return json(401, errorAnswer(1005, "Access denied", "Invalid credentials"));
}

Answer logOut(State& state, const Call& call, Moment now) {
  ++state.counters.logouts;
  if (state.accounts.logout(call.authorization, now)) return json(200, "{}");
  return json(401, errorAnswer(1005, "Access denied"));
}

Provocation takeProvocation(State& state, const std::string& path) {
  const auto found = state.provocations.find(path);
  if (found == state.provocations.end()) return {};
  Provocation provocation = found->second;
  if (found->second.times > 0 && --found->second.times == 0) state.provocations.erase(found);
  return provocation;
}

Context::Ptr makeContext(const FakeWhatsapp::Options& options) {
  Context::Params params;
  params.certificateFile = options.cert_file;
  params.privateKeyFile = options.key_file;
  params.caLocation = options.ca_file;
  params.verificationMode =
      options.behaviour.client_certificate ? Context::VERIFY_STRICT : Context::VERIFY_NONE;
  params.loadDefaultCAs = false;
  params.cipherList = "HIGH:!aNULL:!MD5";
  Context::Ptr context = new Context(Context::TLS_SERVER_USE, params);
  // A client certificate has a name, but clients may connect from any host.
  context->enableExtendedCertificateVerification(false);
  context->requireMinimumProtocol(Context::PROTO_TLSV1_2);
  context->enableSessionCache(true, "fake_whatsapp");
  return context;
}

}  // namespace

class FakeWhatsapp::Impl {
 public:
  explicit Impl(const Options& options);
  ~Impl();

  void serve(HTTPServerRequest& request, HTTPServerResponse& response);
  // Requires the lock; applies to new connections.
  void applyVerification();
  Counters counters();

  State& state() { return state_; }
  std::uint16_t port() const { return port_; }

 private:
  static constexpr int kThreads = 128;

  Answer answer(const Call& call, Moment now);

  const TimeSource now_;
  const std::string ca_file_;
  Context::Ptr context_;
  std::uint16_t port_ = 0;
  State state_;
  Stopper stopper_;
  Poco::ThreadPool pool_{2, kThreads};
  std::unique_ptr<Poco::Net::HTTPServer> server_;
};

namespace {

// Poco creates a handler for each request.
template <typename Serve>
class Handler final : public Poco::Net::HTTPRequestHandler {
 public:
  explicit Handler(const Serve& serve) : serve_(serve) {}
  void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override {
    serve_(request, response);
  }

 private:
  const Serve& serve_;
};

template <typename Serve>
class Factory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(Serve serve) : serve_(std::move(serve)) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override {
    return new Handler<Serve>(serve_);
  }

 private:
  const Serve serve_;
};

Call readCall(HTTPServerRequest& request) {
  const Poco::URI uri(request.getURI());
  Call call{request.getMethod(),
            uri.getPath(),
            uri.getQuery(),
            request.get("Authorization", ""),
            {},
            request.clientAddress().host().toString()};
  // Poco would read until the connection ends; RFC 9112 section 6.3 says that the body is empty.
  if (request.hasContentLength() || request.getChunkedTransferEncoding()) {
    Poco::StreamCopier::copyToString(request.stream(), call.body);
  }
  return call;
}

}  // namespace

FakeWhatsapp::Impl::Impl(const Options& options)
    : now_(options.now), ca_file_(options.ca_file), context_(makeContext(options)) {
  state_.behaviour = options.behaviour;
  const Poco::Net::SecureServerSocket socket(Poco::Net::SocketAddress(options.listen), 256,
                                             context_);
  port_ = socket.address().port();
  Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
  params->setMaxThreads(kThreads);
  params->setMaxQueued(1024);
  params->setMaxKeepAliveRequests(0);
  params->setKeepAliveTimeout(Poco::Timespan(options.keep_alive.count() * 1000));
  const auto serve_one = [this](HTTPServerRequest& request, HTTPServerResponse& response) {
    serve(request, response);
  };
  server_ = std::make_unique<Poco::Net::HTTPServer>(new Factory(serve_one), pool_, socket, params);
  server_->start();
}

FakeWhatsapp::Impl::~Impl() {
  stopper_.stop();
  server_->stopAll(true);
  pool_.joinAll();
}

void FakeWhatsapp::Impl::serve(HTTPServerRequest& request, HTTPServerResponse& response) {
  const Call call = readCall(request);
  const Moment now = now_();
  Answer result;
  Provocation provocation;
  auto delay = std::chrono::milliseconds(0);
  {
    const std::lock_guard lock(state_.mutex);
    ++state_.counters.requests[call.path];
    provocation = takeProvocation(state_, call.path);
    if (!provocation.replacesAnswer()) result = answer(call, now);
    if (call.path == "/v1/health") delay = state_.behaviour.health_delay;
  }
  response.setDate(Poco::Timestamp::fromEpochTime(std::chrono::system_clock::to_time_t(now)));
  if (delay.count() > 0 && !stopper_.wait(delay)) return;
  deliver(result, provocation, request, response, stopper_);
}

Answer FakeWhatsapp::Impl::answer(const Call& call, Moment now) {
  if (call.path == kCa) {
    std::ifstream file(ca_file_);
    return {200, "text/plain", {}, std::string(std::istreambuf_iterator<char>(file), {})};
  }
  const bool post = call.method == "POST";
  if (post && call.path == kLogin) return logIn(state_, call, now);
  if (post && call.path == kLogout) return logOut(state_, call, now);
  return guardedPage(state_, call, now);
}

void FakeWhatsapp::Impl::applyVerification() {
  const int mode = state_.behaviour.client_certificate
                       ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                       : SSL_VERIFY_NONE;
  SSL_CTX* context = context_->sslContext();
  SSL_CTX_set_verify(context, mode, SSL_CTX_get_verify_callback(context));
}

Counters FakeWhatsapp::Impl::counters() {
  SSL_CTX* context = context_->sslContext();
  const std::lock_guard lock(state_.mutex);
  Counters counters = state_.counters;
  counters.connections = static_cast<std::uint64_t>(server_->totalConnections());
  counters.open_connections = static_cast<std::uint64_t>(server_->currentConnections());
  counters.handshakes = static_cast<std::uint64_t>(SSL_CTX_sess_accept_good(context));
  counters.resumed_handshakes = static_cast<std::uint64_t>(SSL_CTX_sess_hits(context));
  return counters;
}

FakeWhatsapp::FakeWhatsapp(const Options& options) : impl_(std::make_unique<Impl>(options)) {}

FakeWhatsapp::~FakeWhatsapp() = default;

std::uint16_t FakeWhatsapp::port() const {
  return impl_->port();
}

void FakeWhatsapp::change(const std::function<void(Behaviour&)>& alter) {
  const std::lock_guard lock(impl_->state().mutex);
  alter(impl_->state().behaviour);
  impl_->applyVerification();
}

void FakeWhatsapp::provoke(const std::string& path, const Provocation& provocation) {
  const std::lock_guard lock(impl_->state().mutex);
  impl_->state().provocations[path] = provocation;
}

void FakeWhatsapp::clear(const std::string& path) {
  const std::lock_guard lock(impl_->state().mutex);
  impl_->state().provocations.erase(path);
}

void FakeWhatsapp::clear() {
  const std::lock_guard lock(impl_->state().mutex);
  impl_->state().provocations.clear();
}

void FakeWhatsapp::revokeTokens() {
  const std::lock_guard lock(impl_->state().mutex);
  impl_->state().accounts.revokeAll();
}

Counters FakeWhatsapp::counters() const {
  return impl_->counters();
}

std::vector<std::string> FakeWhatsapp::tokens() const {
  const std::lock_guard lock(impl_->state().mutex);
  return impl_->state().accounts.issued();
}

}  // namespace postern::testing
