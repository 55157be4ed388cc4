#include "doctor/cure.h"

#include <optional>

namespace postern::doctor {
namespace {

struct Parts {
  std::string what;
  std::string cure;
};

// At the last ": " that stands in no brackets and no quotes.
std::optional<Parts> splitAtCure(const std::string& text) {
  int depth = 0;
  std::size_t found = std::string::npos;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    if (depth == 0 && text[i] == ':' && text[i + 1] == ' ') found = i;
  }
  if (found == std::string::npos) return std::nullopt;
  return Parts{text.substr(0, found), text.substr(found + 2)};
}

// Whether the house writes errors of this fault with their cure at the end.
bool holdsCure(Fault fault) {
  return fault == Fault::NoCredential || fault == Fault::CredentialSource ||
         fault == Fault::Resolve || fault == Fault::Tls;
}

bool mentions(const Error& error, std::string_view text) {
  return error.what.find(text) != std::string::npos;
}

std::string rejectedCure(const Error& error, const config::Target& target,
                         const std::string& place) {
  if (const auto parts = splitAtCure(error.what); parts && parts->cure.starts_with("correct "))
    return parts->cure;
  if (target.oauth2)
    return "write a client_id and client_secret that the token endpoint accepts into " + place;
  if (mentions(error, "first password"))
    return "change the password at the service, then write the new one into " + place;
  const auto write = "write a user and password that the service accepts into " + place +
                     ", where a change is noticed and tried at once";
  if (!mentions(error, "expects another login")) return write;
  return write +
         "; if they are right, compare the login (url, method, body, token) with what the service "
         "expects";
}

std::string statusCure(const Error& error) {
  if (mentions(error, "answered 404"))
    return "correct the path of the page, or the path in the url: the service knows no such page";
  if (mentions(error, "answered 3"))
    return "let path, and the url, be where the redirect leads to; other hosts are never followed";
  if (mentions(error, "answered 401"))
    return "let the account read this page, or leave the page out of pages";
  return "look into the service's log for this request, or correct path and params of the page";
}

std::string timeoutCure(const Error& error, const config::Target& target) {
  if (mentions(error, "name service"))
    return "mend the name service (/etc/resolv.conf), or give an address in the url";
  if (mentions(error, "connecting"))
    return "let firewalls and network policies pass " + target.url.authority() +
           ", or correct host and port of the url";
  return "see why the service is slow (its log and load), or raise scrape_timeout, now " +
         std::to_string(target.scrape_timeout.count()) + " ms";
}

}  // namespace

std::string placeOf(const config::Credentials& credentials) {
  if (credentials.mysql) {
    const auto& mysql = *credentials.mysql;
    if (!mysql.directory.empty()) return "the database of folder " + mysql.directory.string();
    return "database " + mysql.database + " at " + mysql.host + ":" + std::to_string(mysql.port);
  }
  const auto& file = *credentials.file;
  if (!file.directory.empty()) return "folder " + file.directory.string();
  for (const auto* path :
       {&file.password_file, &file.api_key_file, &file.token_file, &file.username_file}) {
    if (!path->empty()) return "file " + path->string();
  }
  return "the configuration";
}

std::string cureOf(const Error& error, const config::Target& target) {
  const auto place =
      target.credentials ? placeOf(*target.credentials) : std::string("the configuration");
  if (holdsCure(error.fault)) {
    if (auto parts = splitAtCure(error.what)) return parts->cure;
  }
  switch (error.fault) {
    case Fault::NoCredential:
    case Fault::CredentialSource: return "see that " + place + " holds a credential";
    case Fault::LoginRejected: return rejectedCure(error, target, place);
    case Fault::LoginThrottled:
      return "wait until the service takes logins again, and find what else logs in to it so often";
    case Fault::LoginFailed:
      return "compare the login (url, method, body, token) with what the service expects, and look "
             "into its log";
    case Fault::Backoff:
      return "wait for the next try, or correct " + place +
             ": a changed credential ends a wait after a rejection";
    case Fault::Resolve: return "correct the host in the url";
    case Fault::Connect:
      return "start the service, or correct host and port of the url, now " +
             target.url.authority();
    case Fault::Tls: return "look into the service's log";
    case Fault::Timeout: return timeoutCure(error, target);
    case Fault::Status: return statusCure(error);
    case Fault::Forbidden:
      return "give the account the role that may read this page, or write another account into " +
             place;
    case Fault::Empty: return "correct path and params of the page: the answer has no sample";
    case Fault::Format:
      return "set the page's format to what the service sends, or correct the line at the service";
    case Fault::Limit:
      return "raise the limit that is named, or let the service send less (params, match)";
    case Fault::Truncated:
      return "look into the log of the service and of proxies before it: it ends its answers early";
    case Fault::UnknownTarget: return "name one of the targets of the configuration";
    case Fault::Busy:
      return "scrape less often, or raise max_concurrent_scrapes and --web.max-connections";
    case Fault::Config: return "correct the configuration; postern --config.check looks at it";
  }
  return "look into the log";
}

Step failedStep(std::string name, const Error& error, const config::Target& target) {
  Step step{std::move(name), State::Failed, error.what, cureOf(error, target), Json::object()};
  if (holdsCure(error.fault)) {
    if (auto parts = splitAtCure(error.what)) step.what = parts->what;
  }
  step.details["fault"] = faultName(error.fault);
  return step;
}

}  // namespace postern::doctor
