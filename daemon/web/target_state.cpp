#include "web/target_state.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "tls/certificate.h"
#include "web/json.h"

namespace postern::web {
namespace {

using std::chrono::hours;

std::string timeLeft(SystemTime::duration left) {
  const auto whole = std::chrono::duration_cast<hours>(left).count();
  if (left.count() <= 0) return "has expired";
  if (whole >= 48) return fmt::format("expires in {} days", whole / 24);
  if (whole >= 2) return fmt::format("expires in {} hours", whole);
  return fmt::format("expires in {} minutes",
                     std::chrono::ceil<std::chrono::minutes>(left).count());
}

// The owner of the certificate files; "" for the target itself.
std::string whoseFiles(MaterialView::PeerKind peer) {
  switch (peer) {
    case MaterialView::PeerKind::Service: break;
    case MaterialView::PeerKind::TokenEndpoint: return "the token endpoint's ";
    case MaterialView::PeerKind::Database: return "the database's ";
  }
  return "";
}

void warnOfMaterial(const MaterialView& material, SystemTime now, TargetState& target_state) {
  const auto warn = [&](const std::string& what, const std::optional<tls::Validity>& validity) {
    if (!validity || !tls::expiresSoon(*validity, now)) return;
    target_state.warnings.push_back(
        fmt::format("{} {}", what, timeLeft(validity->not_after - now)));
  };
  const auto whose = whoseFiles(material.peer);
  const std::string article = whose.empty() ? "the " : whose;
  warn(article + "client certificate", material.client_validity);
  warn(fmt::format("a certificate of {}CA file", article), material.ca_validity);
  target_state.warnings.insert(target_state.warnings.end(), material.warnings.begin(),
                               material.warnings.end());
  const auto& status = material.status;
  if (!status.error.empty() && status.loaded) {
    target_state.warnings.push_back(
        fmt::format("{}renewed certificate files are invalid, the last valid ones stay in use: {}",
                    whose, status.error));
  } else if (!status.error.empty() && !whose.empty()) {
    target_state.warnings.push_back(
        fmt::format("{}certificate files are invalid: {}", whose, status.error));
  }
  if (!material.server) return;
  const bool of_service = material.peer == MaterialView::PeerKind::Service;
  warn(of_service ? "the service's certificate" : whose + "certificate", material.server->validity);
}

void warnOfCertificates(const TargetView& target, TargetState& target_state) {
  for (const auto& material : target.materials) warnOfMaterial(material, target.now, target_state);
  if (target.config->tls.insecure_skip_verify)
    target_state.warnings.emplace_back("the service's certificate is not verified");
}

void warnOfCredential(const TargetView& target, TargetState& target_state) {
  const auto& credential = target.credential;
  if (!credential || !credential->found || credential->error.empty()) return;
  target_state.warnings.push_back(
      "the credential cannot be read again, the last one stays in use: " + credential->error);
}

constexpr std::size_t kNodesInWarnings = 5;

std::string nodeFails(const exposition::Node& node, SystemTime as_of) {
  const std::string named = node.name.empty() ? "the only node" : "node " + node.name;
  return fmt::format("{}{} is not connected: {} (read {})", named,
                     node.role.empty() ? "" : fmt::format(" ({})", node.role), node.problem,
                     rfc3339(as_of));
}

void warnOfNodes(const TargetView& target, TargetState& target_state) {
  if (target.counts.fault) return;
  std::size_t named = 0;
  std::size_t more = 0;
  for (const auto& page : healthPages(target)) {
    if (!page.health) continue;
    for (const auto& node : failingNodes(*page.health)) {
      if (++named <= kNodesInWarnings) {
        target_state.warnings.push_back(nodeFails(node, page.as_of));
      } else {
        ++more;
      }
    }
  }
  if (more > 0)
    target_state.warnings.push_back(
        fmt::format("{} more nodes are not connected; /health/{} names all of them", more,
                    target.config->name));
}

// Prometheus keeps one sample of each series and drops the others silently.
void warnOfDuplicates(const scrape::ScrapeCounts& counts, TargetState& target_state) {
  const std::size_t made = counts.last.relabel_duplicates;
  if (counts.fault || made == 0) return;
  target_state.warnings.push_back(
      fmt::format("rules made {}{} of another one on the page, and Prometheus drops duplicates: "
                  "postern rules names the rule and the series",
                  made, made == 1 ? " sample a duplicate" : " samples duplicates"));
}

void warnOfPages(const TargetView& target, TargetState& target_state) {
  const auto& counts = target.counts;
  if (counts.fault) return;
  const auto& pages = target.config->pages;
  for (std::size_t page = 0; page < std::min(counts.pages.size(), pages.size()); ++page) {
    const auto& error = counts.pages[page];
    if (!error) continue;
    const std::string named = "page " + std::string(pages[page].name());
    std::string_view why = error->what;
    if (why.starts_with(named + ": ")) why.remove_prefix(named.size() + 2);
    target_state.warnings.push_back(
        fmt::format("{} is missing ({}): {}", named, faultName(error->fault), why));
  }
}

// The reason of a wait says more than the wait itself.
std::string failure(Fault fault, const session::SessionStatus& session) {
  std::string words(faultWords(fault));
  if (fault != Fault::Backoff || !session.waiting_after) return words;
  return fmt::format("{}; {}", faultWords(*session.waiting_after), words);
}

std::string nextAfterFault(const Error& fault, const session::SessionStatus& session) {
  if (!session.waiting) {
    // The wait that the error announced is over.
    if (fault.fault == Fault::Backoff || fault.retry_after) return "the next scrape tries again";
    return fault.next.empty() ? std::string(faultInfo(fault.fault).next) : fault.next;
  }
  if (!session.next_attempt) return "no login is sent until the credential changes";
  const bool rejected = session.waiting_after == Fault::LoginRejected;
  return rejected ? "nothing is sent until then, or until the credential changes"
                  : "nothing is sent until then";
}

void describeScraped(scrape::ServiceHealth health, TargetState& target_state) {
  switch (health) {
    case scrape::ServiceHealth::NotReported:
    case scrape::ServiceHealth::Healthy:
      target_state.state = TargetState::Condition::Ok;
      target_state.words =
          target_state.warnings.empty() ? "scraped without fault" : "scraped, with warnings";
      break;
    case scrape::ServiceHealth::Unhealthy:
      target_state.state = TargetState::Condition::Unhealthy;
      target_state.words = "the service reports that it is not healthy";
      break;
    case scrape::ServiceHealth::Unknown:
      target_state.words = "scraped, but the health of the service is unknown";
      break;
  }
}

}  // namespace

TargetState stateOf(const TargetView& target) {
  const auto& counts = target.counts;
  const auto& session = target.session;
  TargetState target_state;
  target_state.fault = counts.fault;
  if (counts.scraped) target_state.since = counts.since;
  if (session.waiting) target_state.next_attempt = session.next_attempt;
  warnOfCertificates(target, target_state);
  warnOfCredential(target, target_state);
  warnOfPages(target, target_state);
  warnOfDuplicates(counts, target_state);
  warnOfNodes(target, target_state);
  if (counts.fault) {
    target_state.state = TargetState::Condition::Failing;
    target_state.words = failure(counts.fault->fault, session);
    target_state.next = nextAfterFault(*counts.fault, session);
  } else if (counts.scraped) {
    describeScraped(counts.health, target_state);
    target_state.next = "the next scrape fetches the page again";
  } else {
    target_state.words = "not scraped yet";
    target_state.next = session.waiting ? nextAfterFault({Fault::Backoff, ""}, session)
                                        : "the first scrape fetches it";
  }
  return target_state;
}

std::string_view stateName(TargetState::Condition state) {
  switch (state) {
    case TargetState::Condition::Unknown: break;
    case TargetState::Condition::Ok: return "ok";
    case TargetState::Condition::Unhealthy: return "unhealthy";
    case TargetState::Condition::Failing: return "failing";
  }
  return "unknown";
}

TargetState::Condition worst(TargetState::Condition one, TargetState::Condition other) {
  using Condition = TargetState::Condition;
  for (const auto state : {Condition::Failing, Condition::Unhealthy, Condition::Unknown}) {
    if (one == state || other == state) return state;
  }
  return Condition::Ok;
}

bool isWell(TargetState::Condition state) {
  return state == TargetState::Condition::Ok || state == TargetState::Condition::Unknown;
}

std::vector<HealthPage> healthPages(const TargetView& target) {
  std::vector<HealthPage> found;
  const auto& pages = target.config->pages;
  const auto& fetch_infos = target.counts.fetch_infos;
  for (std::size_t page = 0; page < pages.size(); ++page) {
    const auto fetch_info = page < fetch_infos.size() ? fetch_infos[page] : scrape::FetchInfo();
    if (fetch_info.health || (fetch_info.format && fetch_info.format->reportsHealth()) ||
        pages[page].format.reportsHealth())
      found.push_back({pages[page].name(), fetch_info.health, fetch_info.health_at});
  }
  return found;
}

std::vector<exposition::Node> failingNodes(const exposition::Health& health) {
  std::vector<exposition::Node> failing;
  if (health.healthy) return failing;
  std::ranges::copy_if(health.nodes, std::back_inserter(failing),
                       [](const exposition::Node& node) { return !node.problem.empty(); });
  return failing;
}

std::string_view faultWords(Fault fault) {
  switch (fault) {
    case Fault::NoCredential: return "the credential for the login is missing";
    case Fault::CredentialSource: return "the credential source cannot be read";
    case Fault::LoginRejected: return "the service rejects the credential";
    case Fault::LoginThrottled: return "the service accepts no more logins for now";
    case Fault::LoginFailed: return "the login does not work";
    case Fault::Backoff: return "waiting before the next login";
    case Fault::Resolve: return "the name of the service has no address";
    case Fault::Connect: return "the service cannot be reached";
    case Fault::Tls: return "the TLS connection to the service failed";
    case Fault::Timeout: return "the page did not arrive in time";
    case Fault::Status: return "the service answers with an error";
    case Fault::Forbidden: return "the credential may not read the page";
    case Fault::Empty: return "the page contains no samples";
    case Fault::Format: return "the page cannot be read";
    case Fault::Limit: return "the page is larger than a limit allows";
    case Fault::Truncated: return "the page ended before it was complete";
    case Fault::UnknownTarget: return "no target has this name";
    case Fault::Busy: return "more scrapes arrived at once than the limits allow";
    case Fault::Config: return "the configuration is missing or invalid";
  }
  return "";
}

}  // namespace postern::web
