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
std::string whoseFiles(MaterialView::Peer peer) {
  switch (peer) {
    case MaterialView::Peer::Service: break;
    case MaterialView::Peer::TokenEndpoint: return "the token endpoint's ";
    case MaterialView::Peer::Database: return "the database's ";
  }
  return "";
}

void warnOfMaterial(const MaterialView& material, SystemTime now, TargetState& verdict) {
  const auto warn = [&](const std::string& what, const std::optional<tls::Validity>& validity) {
    if (!validity || !tls::expiresSoon(*validity, now)) return;
    verdict.warnings.push_back(fmt::format("{} {}", what, timeLeft(validity->not_after - now)));
  };
  const auto whose = whoseFiles(material.peer);
  const std::string article = whose.empty() ? "the " : whose;
  warn(article + "client certificate", material.client_validity);
  warn(fmt::format("a certificate of {}CA file", article), material.ca_validity);
  verdict.warnings.insert(verdict.warnings.end(), material.warnings.begin(),
                          material.warnings.end());
  const auto& status = material.status;
  if (!status.error.empty() && status.loaded) {
    verdict.warnings.push_back(
        fmt::format("{}renewed certificate files are invalid, the last good ones stay in use: {}",
                    whose, status.error));
  } else if (!status.error.empty() && !whose.empty()) {
    verdict.warnings.push_back(
        fmt::format("{}certificate files are invalid: {}", whose, status.error));
  }
  if (!material.server) return;
  const bool of_service = material.peer == MaterialView::Peer::Service;
  warn(of_service ? "the service's certificate" : whose + "certificate", material.server->validity);
}

void warnOfCertificates(const TargetView& target, TargetState& verdict) {
  for (const auto& material : target.materials) warnOfMaterial(material, target.now, verdict);
  if (target.config->tls.insecure_skip_verify)
    verdict.warnings.emplace_back("the service's certificate is not verified");
}

void warnOfCredential(const TargetView& target, TargetState& verdict) {
  const auto& credential = target.credential;
  if (!credential || !credential->found || credential->error.empty()) return;
  verdict.warnings.push_back("the credential cannot be read again, the last one stays in use: " +
                             credential->error);
}

constexpr std::size_t kNodesInWarnings = 5;

std::string nodeFails(const exposition::Node& node, SystemTime as_of) {
  const std::string named = node.name.empty() ? "the only node" : "node " + node.name;
  return fmt::format("{}{} is not connected: {} (read {})", named,
                     node.role.empty() ? "" : fmt::format(" ({})", node.role), node.problem,
                     rfc3339(as_of));
}

void warnOfNodes(const TargetView& target, TargetState& verdict) {
  if (target.counts.fault) return;
  std::size_t named = 0;
  std::size_t more = 0;
  for (const auto& page : healthPages(target)) {
    if (!page.health) continue;
    for (const auto& node : failingNodes(*page.health)) {
      if (++named <= kNodesInWarnings) {
        verdict.warnings.push_back(nodeFails(node, page.as_of));
      } else {
        ++more;
      }
    }
  }
  if (more > 0)
    verdict.warnings.push_back(
        fmt::format("{} more nodes are not connected; /health/{} names all of them", more,
                    target.config->name));
}

// Prometheus keeps one sample of each series and drops the others silently.
void warnOfDuplicates(const scrape::Counts& counts, TargetState& verdict) {
  const std::size_t made = counts.last.relabel_duplicates;
  if (counts.fault || made == 0) return;
  verdict.warnings.push_back(
      fmt::format("rules made {}{} of another one of the page, and Prometheus drops duplicates: "
                  "postern rules names the rule and the series",
                  made, made == 1 ? " sample a duplicate" : " samples duplicates"));
}

void warnOfPages(const TargetView& target, TargetState& verdict) {
  const auto& counts = target.counts;
  if (counts.fault) return;
  const auto& pages = target.config->pages;
  for (std::size_t page = 0; page < std::min(counts.pages.size(), pages.size()); ++page) {
    const auto& error = counts.pages[page];
    if (!error) continue;
    const std::string named = "page " + std::string(pages[page].name());
    std::string_view why = error->what;
    if (why.starts_with(named + ": ")) why.remove_prefix(named.size() + 2);
    verdict.warnings.push_back(
        fmt::format("{} is missing ({}): {}", named, faultName(error->fault), why));
  }
}

// The reason of a wait says more than the wait itself.
std::string failure(Fault fault, const session::Session::Status& session) {
  std::string words(faultWords(fault));
  if (fault != Fault::Backoff || !session.waiting_after) return words;
  return fmt::format("{}; {}", faultWords(*session.waiting_after), words);
}

std::string nextAfterFault(const Error& fault, const session::Session::Status& session) {
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

void judgeScraped(scrape::ServiceHealth health, TargetState& verdict) {
  switch (health) {
    case scrape::ServiceHealth::NotTold:
    case scrape::ServiceHealth::Healthy:
      verdict.state = TargetState::State::Ok;
      verdict.words = verdict.warnings.empty() ? "scraped without fault" : "scraped, with warnings";
      break;
    case scrape::ServiceHealth::Unhealthy:
      verdict.state = TargetState::State::Unhealthy;
      verdict.words = "the service reports that it is not healthy";
      break;
    case scrape::ServiceHealth::Unknown:
      verdict.words = "scraped, but the health of the service is unknown";
      break;
  }
}

}  // namespace

TargetState judge(const TargetView& target) {
  const auto& counts = target.counts;
  const auto& session = target.session;
  TargetState verdict;
  verdict.fault = counts.fault;
  if (counts.scraped) verdict.since = counts.since;
  if (session.waiting) verdict.next_attempt = session.next_attempt;
  warnOfCertificates(target, verdict);
  warnOfCredential(target, verdict);
  warnOfPages(target, verdict);
  warnOfDuplicates(counts, verdict);
  warnOfNodes(target, verdict);
  if (counts.fault) {
    verdict.state = TargetState::State::Failing;
    verdict.words = failure(counts.fault->fault, session);
    verdict.next = nextAfterFault(*counts.fault, session);
  } else if (counts.scraped) {
    judgeScraped(counts.health, verdict);
    verdict.next = "the next scrape fetches the page again";
  } else {
    verdict.words = "not scraped yet";
    verdict.next = session.waiting ? nextAfterFault({Fault::Backoff, ""}, session)
                                   : "the first scrape fetches it";
  }
  return verdict;
}

std::string_view stateName(TargetState::State state) {
  switch (state) {
    case TargetState::State::Unknown: break;
    case TargetState::State::Ok: return "ok";
    case TargetState::State::Unhealthy: return "unhealthy";
    case TargetState::State::Failing: return "failing";
  }
  return "unknown";
}

TargetState::State worst(TargetState::State one, TargetState::State other) {
  using State = TargetState::State;
  for (const auto state : {State::Failing, State::Unhealthy, State::Unknown}) {
    if (one == state || other == state) return state;
  }
  return State::Ok;
}

bool isWell(TargetState::State state) {
  return state == TargetState::State::Ok || state == TargetState::State::Unknown;
}

std::vector<HealthPage> healthPages(const TargetView& target) {
  std::vector<HealthPage> found;
  const auto& pages = target.config->pages;
  const auto& stories = target.counts.stories;
  for (std::size_t page = 0; page < pages.size(); ++page) {
    const auto story = page < stories.size() ? stories[page] : scrape::FetchInfo();
    if (story.health || (story.format && story.format->reportsHealth()) ||
        pages[page].format.reportsHealth())
      found.push_back({pages[page].name(), story.health, story.health_at});
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
