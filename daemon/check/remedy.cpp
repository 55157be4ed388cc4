#include "check/remedy.h"

#include <fmt/core.h>

namespace postern::check {
namespace {

std::string rejectedRemedy(const Error& error, const config::Target& target,
                           const std::string& place) {
  if (error.detail == Detail::PasswordChange)
    return "change the password at the service, then write the new one into " + place;
  if (target.oauth2)
    return "write a client_id and client_secret that the token endpoint accepts into " + place;
  return fmt::format(
      "write a user and password that the service accepts into {}; postern notices the change and "
      "tries it at once",
      place);
}

}  // namespace

std::string placeOf(const config::Credentials& credentials) {
  if (credentials.mysql) {
    const auto& mysql = *credentials.mysql;
    if (!mysql.directory.empty()) return "the database of folder " + mysql.directory.string();
    return fmt::format("database {} at {}:{}", mysql.database, mysql.host, mysql.port);
  }
  const auto& file = *credentials.file;
  if (!file.directory.empty()) return "folder " + file.directory.string();
  for (const auto* path :
       {&file.password_file, &file.api_key_file, &file.token_file, &file.username_file}) {
    if (!path->empty()) return "file " + path->string();
  }
  return "the configuration";
}

std::string remedyOf(const Error& error, const config::Target& target) {
  const auto place =
      target.credentials ? placeOf(*target.credentials) : std::string("the configuration");
  if (!error.remedy.empty()) return error.remedy;
  switch (error.fault) {
    case Fault::NoCredential:
    case Fault::CredentialSource:
      return fmt::format("make sure that {} contains a credential", place);
    case Fault::LoginRejected: return rejectedRemedy(error, target, place);
    case Fault::LoginThrottled:
      return "wait until the service accepts logins again, and find the client that logs in too "
             "often";
    case Fault::LoginFailed:
      return "compare the login (url, method, body, token) with what the service expects, and see "
             "its log";
    case Fault::Backoff:
      return fmt::format(
          "wait for the next try, or correct {}: a changed credential ends a wait after a "
          "rejection",
          place);
    case Fault::Resolve: return "correct the host in the url";
    case Fault::Connect:
      return "start the service, or correct host and port of the url, now " +
             target.url.authority();
    case Fault::Tls: return "see the service's log";
    case Fault::Timeout:
      return fmt::format(
          "find out why the service is slow (its log and load), or raise scrape_timeout, now {} ms",
          target.scrape_timeout.count());
    case Fault::Status:
      return "see the service's log for this request, or correct path and params of the page";
    case Fault::Forbidden:
      return "give the account the role that may read this page, or write another account into " +
             place;
    case Fault::Empty: return "correct path and params of the page: the answer contains no samples";
    case Fault::Format:
      return "set the page's format to what the service sends, or correct the line at the service";
    case Fault::Limit: return "raise the named limit, or let the service send less (params, match)";
    case Fault::Truncated:
      return "see the logs of the service and of proxies in front of it: the answer ends "
             "early";
    case Fault::UnknownTarget: return "name one of the targets of the configuration";
    case Fault::Busy:
      return "scrape less often, or raise max_concurrent_scrapes and --web.max-connections";
    case Fault::Config: return "correct the configuration; postern --config.check checks it";
  }
  return "see the log";
}

Step failedStep(std::string name, const Error& error, const config::Target& target) {
  Step step{std::move(name), StepState::Failed, error.problem(), remedyOf(error, target),
            OrderedJson::object()};
  step.details["fault"] = faultName(error.fault);
  if (error.detail != Detail::None) step.details["detail"] = detailName(error.detail);
  return step;
}

}  // namespace postern::check
