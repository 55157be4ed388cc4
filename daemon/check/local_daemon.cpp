#include "check/local_daemon.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/printable.h"
#include "check/sample_counter.h"

namespace postern::check {
namespace {

using std::chrono::seconds;

constexpr seconds kPatience{3};                   // longest wait for a daemon's state
constexpr std::size_t kLongestStatus = 8U << 20;  // bytes

struct Listener {
  std::string address;
  std::string prefix;  // prefix of its paths
};

// The listeners on which the daemon reports its state.
std::vector<Listener> listenersOf(const config::Options& options) {
  std::vector<Listener> listeners;
  for (const auto& address : options.health_addresses) listeners.push_back({address, ""});
  if (!listeners.empty()) return listeners;
  for (const auto& address : options.listen_addresses)
    listeners.push_back({address, options.route_prefix});
  return listeners;
}

// A port that the system chooses is unknown to the check.
bool known(const std::string& address) {
  return !address.ends_with(":0");
}

Result<void> ignore(std::string_view) {
  return {};
}

std::string answered(int status) {
  std::string text = "answers " + std::to_string(status);
  if (status == 401 || status == 403) return text + ": a login is required";
  if (status == 503) return text + ": it waits for a valid configuration";
  if (status == 404) return text + ": not a postern, or its --web.route-prefix differs";
  return text;
}

constexpr std::string_view kCannotBeAskedRemedy =
    "give the daemon a --web.health-address, which answers without a login; if another program "
    "listens there, run the check with --web.listen-address=:0";

// Whether the listener requires a login or a client certificate, or refuses the handshake: then the
// daemon is alive.
bool wantsProof(const Result<upstream::Response>& answer) {
  if (answer) return answer->status == 401 || answer->status == 403;
  return answer.error().fault == Fault::Tls && answer.error().detail != Detail::NotTls;
}

}  // namespace

LocalDaemon::LocalDaemon(const config::Options& options, const std::string& fingerprint,
                         Network& network)
    : options_(options), fingerprint_(fingerprint), network_(network) {
  for (const auto& [address, prefix] : listenersOf(options)) {
    if (where_.empty()) where_ = address;
    if (known(address) && requestStatusAt(address, prefix)) return;
  }
}

// Returns whether somebody listens there.
bool LocalDaemon::requestStatusAt(const std::string& address, const std::string& prefix) {
  auto client = std::make_unique<DaemonClient>(address, network_);
  std::string text;
  const auto keep = [&](std::string_view block) -> Result<void> {
    text += block;
    if (text.size() > kLongestStatus) return Error{Fault::Limit, "the answer is too long"};
    return {};
  };
  const auto answer = client->get(prefix + "/api/v1/status", network_.loop.now() + kPatience, keep);
  if (!client->reached()) return false;
  where_ = address;
  prefix_ = prefix;
  client_ = std::move(client);
  state_ = DaemonState::CannotBeAsked;
  auto status = answer && answer->status == 200 ? StatusDocument::parse(text) : std::nullopt;
  if (!answer) {
    why_ = answer.error().detail == Detail::ClientCertificate ? "a client certificate is required"
                                                              : answer.error().what;
  } else if (answer->status != 200) {
    why_ = answered(answer->status);
  } else if (!status || !status->number("/schema")) {
    why_ = "the answer is not from postern";
  } else {
    const bool same = status->text("/config/fingerprint") == fingerprint_;
    state_ = same ? DaemonState::Serves : DaemonState::ServesOther;
    status_ = std::move(status);
  }
  return true;
}

void LocalDaemon::refresh() {
  if (state_ == DaemonState::Serves) requestStatusAt(std::string(where_), std::string(prefix_));
}

Step LocalDaemon::step() const {
  Step step{"daemon", StepState::Ok, "", "", {{"address", where_}}};
  const auto version = status_ ? status_->text("/version") : "";
  const auto pid = status_ ? std::to_string(status_->number("/pid").value_or(0)) : "";
  switch (state_) {
    case DaemonState::None:
      step.what =
          fmt::format("no daemon serves this configuration (nothing listens on {})", where_);
      step.details["kind"] = "none";
      break;
    case DaemonState::Serves:
      step.what = fmt::format(
          "postern {} (process {}) serves this configuration on {}: the check asks it and sends no "
          "login",
          version, pid, where_);
      step.details["kind"] = "serves";
      break;
    case DaemonState::ServesOther:
      step.state = StepState::Warning;
      step.what = fmt::format("postern {} (process {}) on {} serves a different configuration",
                              version, pid, where_);
      step.remedy =
          "reload the daemon (SIGHUP) if the file has changed, or run the check with the daemon's "
          "flags and variables";
      step.details["kind"] = "serves_other";
      break;
    case DaemonState::CannotBeAsked:
      step.state = StepState::Failed;
      step.what = fmt::format("the listener on {} does not report its state: {}", where_, why_);
      step.remedy = std::string(kCannotBeAskedRemedy);
      step.details["kind"] = "cannot_be_asked";
      break;
  }
  return step;
}

std::optional<StatusDocument> LocalDaemon::target(const std::string& name) const {
  if (!status_) return std::nullopt;
  for (auto& target : status_->list("/targets")) {
    if (target.text("/name") == name) return std::move(target);
  }
  return std::nullopt;
}

std::optional<StatusDocument> LocalDaemon::similarTarget(const config::Target& target) const {
  if (auto named = this->target(target.name)) return named;
  if (!status_) return std::nullopt;
  const auto url = fmt::format("https://{}{}", target.url.authority(), target.url.path);
  for (auto& other : status_->list("/targets")) {
    if (other.text("/url") == url) return std::move(other);
  }
  return std::nullopt;
}

ScraperAnswer LocalDaemon::scrape(const config::Target& target) {
  // The health listener has no pages.
  const auto& listen = options_.listen_addresses;
  const bool here = std::ranges::count(listen, where_) > 0;
  DaemonClient client(here ? where_ : listen.front(), network_);
  SampleCounter series;
  std::string begin;
  const auto count = [&](std::string_view block) -> Result<void> {
    constexpr std::size_t kLongestFault = 64;
    begin += block.substr(0, kLongestFault - std::min(kLongestFault, begin.size()));
    series.feed(block);
    return {};
  };
  const auto answer = client.get(fmt::format("{}/metrics/{}", options_.route_prefix, target.name),
                                 network_.loop.now() + target.scrape_timeout + kPatience, count);
  ScraperAnswer received;
  if (!client.reached()) {
    received.unknown =
        fmt::format("nothing listens on {}, the address of the pages", client.address());
  } else if (wantsProof(answer)) {
    received.unknown = fmt::format(
        "the listener on {} requires a login or a client certificate, which only scrapers have",
        client.address());
  } else if (!answer) {
    // After the hold-back a fault ends the answer early.
    received.fault = answer.error().fault;
  } else if (answer->status != 200) {
    // The first word of a failed answer is its fault.
    received.fault = faultNamed(begin.substr(0, begin.find(':'))).value_or(Fault::Status);
  } else {
    received.bytes = series.bytes();
    received.series = series.count();
  }
  return received;
}

int live(const config::Options& options) {
  Network network;
  const auto deadline = network.loop.now() + std::chrono::milliseconds(1800);
  std::string failures;
  for (const auto& [address, prefix] : listenersOf(options)) {
    DaemonClient client(address, network);
    const auto answer = client.get(prefix + "/-/healthy", deadline, ignore);
    if (answer && answer->status == 200) {
      std::printf("postern is healthy on %s\n", printable(address).c_str());
      return 0;
    }
    if (wantsProof(answer)) {
      std::printf("postern answers on %s; more requires a login or a client certificate\n",
                  printable(address).c_str());
      return 0;
    }
    const auto why =
        answer ? fmt::format("{} {}", address, answered(answer->status)) : answer.error().what;
    failures += (failures.empty() ? "" : ", ") + printable(why, 300);
  }
  std::printf("postern is not healthy: %s\n", failures.c_str());
  return 1;
}

}  // namespace postern::check
