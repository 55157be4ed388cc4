#include "check/target_check.h"

#include <fmt/core.h>

#include "check/certificates.h"
#include "check/connectivity.h"
#include "check/files.h"
#include "check/remedy.h"
#include "credentials/mounted.h"
#include "credentials/mysql_folder.h"

namespace postern::check {
namespace {

constexpr std::string_view kNoLogin = "--no-login: the check sends no credential";

std::string kindOf(const config::Target& target, const credentials::Credential& credential) {
  if (target.oauth2) return "client_id and client_secret";
  if (!credential.token.empty()) return "a token";
  if (!credential.username.empty() && !credential.password.empty()) return "user and password";
  if (!credential.api_key.empty()) return "an API key";
  return credential.password.empty() ? "a user without password" : "a password without user";
}

// Describes the credential of the source by place and kind, without its value.
Step credentialStep(const config::Target& target, const Result<credentials::Credential>& loaded) {
  if (!loaded) return failedStep("credential", loaded.error(), target);
  const auto place = placeOf(*target.credentials);
  const auto kind = kindOf(target, *loaded);
  return {"credential",
          StepState::Ok,
          fmt::format("{} from {}", kind, place),
          "",
          {{"from", place}, {"kind", kind}}};
}

// A credential from mounted files or the configuration. Uses no network.
Step examineMounted(const config::Target& target) {
  credentials::MountedSource source(*target.credentials->file);
  return credentialStep(target, source.load(deadlineIn(std::chrono::seconds(5))));
}

}  // namespace

TargetCheck::TargetCheck(const config::Target& target, const config::CommandLine& command_line,
                         Report& report)
    : target_(target), command_line_(command_line), report_(report) {}

LocalScrape& TargetCheck::own() {
  if (!own_) own_ = std::make_unique<LocalScrape>(target_, command_line_.options, *network_);
  return *own_;
}

void TargetCheck::reportFiles() {
  report_.beginTarget(target_.name);
  report_.add(examineFiles(target_));
  report_.add(examineCertificates(target_, std::chrono::system_clock::now()).step);
  if (target_.oauth2) {
    report_.beginPart("token endpoint");
    report_.add(examineCertificates(tokenEndpoint(), std::chrono::system_clock::now()).step);
    report_.beginPart("");
  }
  examineDatabaseFiles();
  if (target_.credentials && target_.credentials->file) report_.add(examineMounted(target_));
}

void TargetCheck::run(LocalDaemon& daemon, Network& network) {
  network_ = &network;
  report_.beginTarget(target_.name);
  report_.add(examineFiles(target_));
  const auto certificates = examineCertificates(target_, std::chrono::system_clock::now());
  report_.add(certificates.step);
  examineDatabaseFiles();
  const bool found = examineCredential(daemon);
  auto failed = checkConnectivity(target_, certificates.material, network, report_);
  if (const auto token = examineTokenEndpoint(); failed.empty() && !token.empty()) failed = token;
  if (daemon.state() == LocalDaemon::DaemonState::Serves) return scrapeThroughDaemon(daemon);
  if (failed.empty() && !found) failed = "credential";
  scrapeLocally(daemon, failed);
}

// The token endpoint of oauth2, described as a target.
config::Target TargetCheck::tokenEndpoint() const {
  config::Target endpoint;
  endpoint.name = target_.name;
  endpoint.url = target_.oauth2->host;
  endpoint.tls = target_.oauth2->tls;
  endpoint.scrape_timeout = target_.scrape_timeout;
  return endpoint;
}

// The files that the driver uses for TLS with the database.
void TargetCheck::examineDatabaseFiles() {
  if (!target_.credentials || !target_.credentials->mysql) return;
  const auto files = credentials::tlsFilesOf(*target_.credentials->mysql);
  if (!files) return;
  config::Target database;
  database.name = target_.name;
  database.tls = *files;
  report_.beginPart("database");
  report_.add(examineCertificates(database, std::chrono::system_clock::now()).step);
  report_.beginPart("");
}

// The network path to the token endpoint of oauth2. Returns the step that failed, or "".
std::string TargetCheck::examineTokenEndpoint() {
  if (!target_.oauth2) return "";
  const auto endpoint = tokenEndpoint();
  report_.beginPart("token endpoint");
  const auto certificates = examineCertificates(endpoint, std::chrono::system_clock::now());
  report_.add(certificates.step);
  const auto failed = checkConnectivity(endpoint, certificates.material, *network_, report_);
  report_.beginPart("");
  return failed.empty() ? "" : failed + " of the token endpoint";
}

// False when the credential for the login is missing.
bool TargetCheck::examineCredential(const LocalDaemon& daemon) {
  if (!target_.credentials) {
    report_.add({"credential", StepState::Ok,
                 "not configured: the client certificate is the only credential", "",
                 OrderedJson::object()});
    return true;
  }
  if (target_.credentials->mysql) return askDatabase(daemon);
  const auto step = examineMounted(target_);
  report_.add(step);
  return step.state != StepState::Failed;
}

// The account for the database must not be locked either.
bool TargetCheck::askDatabase(const LocalDaemon& daemon) {
  const auto place = placeOf(*target_.credentials);
  const auto skip = [&](std::string_view why) {
    report_.add({"credential", StepState::NotTried, fmt::format("{}: {}", place, why), "",
                 OrderedJson::object()});
    return false;
  };
  if (daemon.state() == LocalDaemon::DaemonState::CannotBeAsked)
    return skip("the daemon does not report whether a login waits");
  if (daemon.state() == LocalDaemon::DaemonState::Serves) {
    const auto status = daemon.target(target_.name);
    const auto error = status ? status->text("/credential/error") : "";
    if (!error.empty()) {
      report_.add(failedStep(
          "credential",
          {Fault::CredentialSource, error, "", {}, status->text("/credential/remedy")}, target_));
      return false;
    }
    if (!status || !status->truth("/credential/found"))
      return skip("the daemon has not read it yet");
    report_.add({"credential",
                 StepState::Ok,
                 fmt::format("the daemon has read it from {} at {}", place,
                             status->text("/credential/last_read")),
                 "",
                 {{"from", place}}});
    return true;
  }
  if (command_line_.check.no_login) return skip(kNoLogin);
  const auto loaded = own().client().credentials->refresh(deadlineIn(std::chrono::seconds(10)));
  const auto step = loaded ? credentialStep(target_, (*loaded)->credential)
                           : credentialStep(target_, loaded.error());
  report_.add(step);
  return static_cast<bool>(loaded);
}

// The target's own headers and parameters may contain one too.
bool TargetCheck::carriesCredential() const {
  return target_.credentials || !target_.http_headers.empty() || !target_.params.empty();
}

void TargetCheck::scrapeThroughDaemon(LocalDaemon& daemon) {
  daemon.refresh();
  const auto status = daemon.target(target_.name).value_or(StatusDocument(OrderedJson::object()));
  if (status.truth("/session/waiting")) {
    report_.add(waitStep(target_, status));
    reportNotTried(target_, "page", "the daemon waits, and scrapers get the fault backoff",
                   report_);
    return;
  }
  if (command_line_.check.no_login && carriesCredential()) {
    report_.add(sessionStep(target_, status));
    reportNotTried(target_, "page", std::string(kNoLogin), report_);
    return;
  }
  const auto received = daemon.scrape(target_);
  daemon.refresh();
  const auto after = daemon.target(target_.name);
  reportScrape(target_, after ? *after : status, received, report_);
}

std::string TargetCheck::whyNotLocally(const LocalDaemon& daemon, const std::string& failed) const {
  if (!failed.empty()) return failed + " failed";
  if (command_line_.check.no_login && carriesCredential()) return std::string(kNoLogin);
  if (target_.credentials && daemon.state() == LocalDaemon::DaemonState::CannotBeAsked)
    return "the daemon does not report whether a login waits";
  return "";
}

void TargetCheck::scrapeLocally(const LocalDaemon& daemon, const std::string& failed) {
  if (const auto why = whyNotLocally(daemon, failed); !why.empty())
    return reportNotTried(target_, "login", why, report_);
  const auto other = daemon.similarTarget(target_);
  if (target_.credentials && other && other->truth("/session/waiting")) {
    report_.add(waitStep(target_, *other));
    return reportNotTried(target_, "page", "login failed", report_);
  }
  if (own().client().session.waiting()) {
    report_.add(waitStep(target_, own().status()));
    return reportNotTried(target_, "page", "login failed", report_);
  }
  announceLogin();
  const auto received = own().scrape();
  reportScrape(target_, own().status(), received, report_);
}

void TargetCheck::announceLogin() const {
  if (!target_.credentials) return;
  const auto& host = target_.oauth2 ? target_.oauth2->host : target_.url;
  const auto base = fmt::format("https://{}{}", host.authority(), host.path);
  const auto what = target_.login
                        ? fmt::format("one login will be sent to {}{}", base, target_.login->url)
                        : "the credential will be sent with each page to " + base;
  report_.add({"login", StepState::Note, "no daemon serves this configuration: " + what, "",
               OrderedJson::object()});
}

}  // namespace postern::check
