#include "check/connectivity.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "check/certificates.h"
#include "check/remedy.h"
#include "tls/certificate.h"
#include "upstream/client_refusal.h"
#include "upstream/connection.h"
#include "upstream/connection_exchange.h"
#include "upstream/dial.h"
#include "upstream/request.h"

namespace postern::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Stopwatch {
 public:
  double elapsed() const {  // milliseconds
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - began_;
    return took.count();
  }
  std::string text() const { return fmt::format("{:.1f} ms", elapsed()); }

 private:
  const SteadyTime began_ = std::chrono::steady_clock::now();
};

// The longest time of one step.
milliseconds patienceOf(const config::Target& target) {
  return std::min<milliseconds>(target.scrape_timeout, seconds(5));
}

std::string expectedName(const config::Target& target) {
  if (!target.tls.spiffe_id.empty()) return target.tls.spiffe_id;
  return target.tls.server_name.empty() ? target.url.host : target.tls.server_name;
}

std::string trusted(const config::Target& target, const tls::Material& material) {
  const auto& tls = target.tls;
  if (tls.insecure_skip_verify) return "anybody (insecure_skip_verify)";
  std::string text;
  if (!tls.pin_sha256.empty()) text = "the pinned key";
  if (material.caValidity()) text += (text.empty() ? "" : " and ") + tls.ca_file.string();
  if (tls.system_roots) text += " and the system's roots";
  return text.empty() ? "the system's roots" : text;
}

// Enough of the body to see why a request was refused; less if an error occurs earlier.
async::Task<std::string> startOfBody(upstream::HttpExchange& exchange, async::Scope& scope) {
  constexpr std::size_t kEnough = 4U << 10;
  std::string start;
  while (start.size() < kEnough) {
    const auto block = co_await exchange.read(scope);
    if (!block || block->empty()) break;
    start += block->substr(0, kEnough);
  }
  co_return start;
}

// The network path from name to answer. Each step returns whether the next one can be tried.
class ConnectivityCheck {
 public:
  ConnectivityCheck(const config::Target& target, const tls::Material* material, Network& network,
                    Report& report)
      : target_(target), material_(material), network_(network), report_(report) {}

  bool resolve();
  bool dial();
  bool shakeHands(const std::shared_ptr<const tls::Material>& material);
  bool ask();

 private:
  SteadyTime deadline() const { return network_.loop.now() + patienceOf(target_); }
  bool fail(const char* step, const Error& error) {
    report_.add(failedStep(step, error, target_));
    return false;
  }
  Step handshakeStep(const Stopwatch& watch) const;
  OrderedJson handshakeDetails() const;
  std::string offeredAuthorities() const;
  bool failClient(const Error& error);
  std::string clientResult(bool asks) const;

  const config::Target& target_;
  const tls::Material* const material_;
  Network& network_;
  Report& report_;
  std::vector<upstream::ResolvedAddress> addresses_;
  tls::ServerHandshake handshake_;
  std::atomic<std::size_t> open_ = 0;
  std::unique_ptr<upstream::Connection> connection_;
  int status_ = 0;    // status of the answer
  std::string body_;  // beginning of its body
};

bool ConnectivityCheck::resolve() {
  const Stopwatch watch;
  const auto& url = target_.url;
  async::Scope scope(network_.loop, deadline());
  auto resolved = network_.loop.run(network_.resolver.resolve(url.host, url.port, scope));
  if (!resolved) return fail("name", resolved.error());
  addresses_ = *std::move(resolved);
  Step step{"name", StepState::Ok, url.host + " is ", "", {{"host", url.host}}};
  for (const auto& address : addresses_) {
    const auto text = address.text();
    step.what += (step.details.contains("addresses") ? ", " : "") + text.substr(0, text.rfind(':'));
    step.details["addresses"].push_back(text);
  }
  step.what += fmt::format(" ({})", watch.text());
  step.details["milliseconds"] = watch.elapsed();
  if (step.what.starts_with(fmt::format("{} is {} ", url.host, url.host)))
    step.what = url.host + " is an IP address; no lookup is needed";
  report_.add(step);
  return true;
}

bool ConnectivityCheck::dial() {
  const Stopwatch watch;
  async::Scope scope(network_.loop, deadline());
  const auto dialled =
      network_.loop.run(upstream::dial(target_.url.authority(), addresses_, scope));
  if (!dialled) return fail("port", dialled.error());
  const auto address = dialled->address.text();
  // The handshake uses the address that has just answered.
  addresses_ = {dialled->address};
  report_.add({"port",
               StepState::Ok,
               fmt::format("{} is open ({})", address, watch.text()),
               "",
               {{"address", address}, {"milliseconds", watch.elapsed()}}});
  return true;
}

bool ConnectivityCheck::shakeHands(const std::shared_ptr<const tls::Material>& material) {
  const Stopwatch watch;
  async::Scope scope(network_.loop, deadline());
  upstream::ConnectOptions peer{target_.url.host, target_.url.authority(), addresses_, material};
  peer.server_handshake = &handshake_;
  auto opened = network_.loop.run(upstream::Connection::open(std::move(peer), open_, scope));
  if (opened) {
    connection_ = *std::move(opened);
    report_.add(handshakeStep(watch));
    return true;
  }
  // With TLS versions before 1.3 the service refuses the client certificate, or its absence, within
  // the handshake. That is the case if the service has shown its certificate and requested the
  // client's.
  const bool ours =
      handshake_.certificate && handshake_.asks_for_client && opened.error().fault == Fault::Tls;
  if (!ours) {
    auto step = failedStep("tls", opened.error(), target_);
    step.what += fmt::format(" (asked for {}, trusting {})", expectedName(target_),
                             trusted(target_, *material_));
    report_.add(step);
    return false;
  }
  report_.add(handshakeStep(watch));
  return failClient(opened.error());
}

Step ConnectivityCheck::handshakeStep(const Stopwatch& watch) const {
  Step step{"tls", StepState::Ok, "", "", handshakeDetails()};
  step.what =
      handshake_.negotiated.version.empty() ? "not finished" : tls::describe(handshake_.negotiated);
  step.what += fmt::format(" ({})", watch.text());
  const auto now = std::chrono::system_clock::now();
  if (handshake_.certificate)
    step.what += "; the service presents " + describe(*handshake_.certificate, now);
  step.what += fmt::format("; asked for {}, trusting {}", expectedName(target_),
                           trusted(target_, *material_));
  if (!handshake_.anchor.empty())
    step.what += fmt::format(", its chain ends at '{}'", handshake_.anchor);
  step.details["milliseconds"] = watch.elapsed();
  if (target_.tls.insecure_skip_verify) {
    step.state = StepState::Warning;
    step.remedy =
        "set ca_file or pin_sha256, and remove insecure_skip_verify: any server at this address "
        "gets the credential";
  } else if (handshake_.certificate && tls::expiresSoon(handshake_.certificate->validity, now)) {
    step.state = StepState::Warning;
    step.remedy = "renew the service's certificate";
  }
  return step;
}

OrderedJson ConnectivityCheck::handshakeDetails() const {
  OrderedJson json{{"version", handshake_.negotiated.version},
                   {"cipher", handshake_.negotiated.cipher}};
  json["server_name"] = expectedName(target_);
  json["trusts"] = trusted(target_, *material_);
  json["certificate"] = handshake_.certificate
                            ? detailsOf(*handshake_.certificate, std::chrono::system_clock::now())
                            : OrderedJson(nullptr);
  json["anchor"] =
      handshake_.anchor.empty() ? OrderedJson(nullptr) : OrderedJson(handshake_.anchor);
  json["client_authorities"] = handshake_.client_authorities;
  return json;
}

// "", or " (it accepts client certificates of 'A', 'B' and 3 more)"
std::string ConnectivityCheck::offeredAuthorities() const {
  if (handshake_.client_authorities.empty()) return "";
  std::string text = " (it accepts client certificates of ";
  for (const auto& name : handshake_.client_authorities)
    text += fmt::format("{}{}'", text.ends_with("of ") ? "'" : ", '", name);
  if (handshake_.more_authorities > 0)
    text += fmt::format(" and {} more", handshake_.more_authorities);
  return text + ")";
}

bool ConnectivityCheck::failClient(const Error& error) {
  auto step = failedStep("client", error, target_);
  step.what += offeredAuthorities();
  report_.add(step);
  return false;
}

bool ConnectivityCheck::ask() {
  const Stopwatch watch;
  upstream::Request request;
  request.path = target_.url.path + "/";
  request.any_status_body = true;
  request.once = true;
  const auto url = named(target_.url, target_.tls);
  const auto bytes = upstream::writeRequest(request, url, request.path);
  if (!bytes) return fail("client", bytes.error());
  upstream::ConnectionExchange exchange(std::move(connection_),
                                        {request, url, request.path, false, nullptr});
  async::Scope scope(network_.loop, deadline());
  const auto started = network_.loop.run(exchange.start(bytes->reveal(), scope));
  status_ = exchange.response().status;
  if (!started && status_ == 0) return failClient(started.error());
  if (started) body_ = network_.loop.run(startOfBody(exchange, scope));
  connection_ = exchange.takeConnection();
  if (upstream::refusesClientCertificate(status_, body_))
    return failClient(upstream::clientRefusal(status_, body_, !material_->clientChain().empty()));
  const bool asks = connection_->asksForClient();
  report_.add({"client",
               StepState::Ok,
               fmt::format("{}; a request without credential was answered with {} ({})",
                           clientResult(asks), status_, watch.text()),
               "",
               {{"status", status_}, {"asked_for", asks}}});
  return true;
}

std::string ConnectivityCheck::clientResult(bool asks) const {
  const auto& chain = material_->clientChain();
  if (chain.empty()) {
    return asks ? "the service asks for a client certificate, does not require one for this "
                  "request, and none is configured"
                : "the service asks for no client certificate, and none is configured";
  }
  const auto ours = fmt::format("'{}'", chain.front().subject);
  return asks ? ours + " was accepted" : ours + " was not asked for";
}

}  // namespace

std::string checkConnectivity(const config::Target& target,
                              const std::shared_ptr<const tls::Material>& material,
                              Network& network, Report& report) {
  ConnectivityCheck steps(target, material.get(), network, report);
  std::string failed;
  const auto next = [&](const char* name, bool possible, auto step) {
    if (failed.empty() && !possible) failed = "certificates";
    if (!failed.empty()) {
      report.add({name, StepState::NotTried, failed + " failed", "", OrderedJson::object()});
    } else if (!step()) {
      failed = name;
    }
  };
  next("name", true, [&] { return steps.resolve(); });
  next("port", true, [&] { return steps.dial(); });
  next("tls", material != nullptr, [&] { return steps.shakeHands(material); });
  next("client", true, [&] { return steps.ask(); });
  return failed;
}

}  // namespace postern::check
