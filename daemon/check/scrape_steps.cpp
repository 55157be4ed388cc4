#include "check/scrape_steps.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "check/remedy.h"

namespace postern::check {
namespace {

Detail detailNamed(const std::string& name) {
  for (const auto detail : {Detail::ClientCertificate, Detail::NotTls, Detail::Http2Only,
                            Detail::Misdirected, Detail::PasswordChange}) {
    if (detailName(detail) == name) return detail;
  }
  return Detail::None;
}

// The fault of the last scrape with its texts.
std::optional<Error> faultOf(const StatusDocument& status) {
  const auto fault = faultNamed(status.text("/fault"));
  if (!fault) return std::nullopt;
  return Error{*fault, status.text("/why"),    "",
               {},     status.text("/remedy"), detailNamed(status.text("/detail"))};
}

bool ofCredential(Fault fault) {
  constexpr std::array kOfCredential = {Fault::NoCredential,  Fault::CredentialSource,
                                        Fault::LoginRejected, Fault::LoginThrottled,
                                        Fault::LoginFailed,   Fault::Backoff};
  return std::ranges::count(kOfCredential, fault) > 0;
}

std::string inTime(std::optional<std::int64_t> whole_seconds) {
  if (!whole_seconds) return "at an unknown time";
  const auto left = std::max<std::int64_t>(*whole_seconds, 0);
  constexpr std::int64_t kHour = 3600;
  constexpr std::int64_t kDay = 24 * kHour;
  if (left >= 2 * kDay) return fmt::format("in {} days", left / kDay);
  if (left >= 2 * kHour) return fmt::format("in {} hours", left / kHour);
  return fmt::format("in {} s", left);
}

Step loggedIn(const StatusDocument& status, bool by_login) {
  Step step{"login", StepState::Ok, "", "",
            status.document().value("session", OrderedJson::object())};
  if (!by_login) {
    step.what = "no login: each page request carries the credential, and the service accepts it";
    return step;
  }
  step.what = fmt::format("logged in since {}; the token expires {}",
                          status.text("/session/logged_in_since"),
                          inTime(status.number("/session/token_expires/in_seconds")));
  return step;
}

Step loginStep(const config::Target& target, const StatusDocument& status,
               const ScraperAnswer& received) {
  const auto by = status.text("/session/proves_itself_by");
  if (by == "certificate")
    return {"login", StepState::Ok, "no login: the client certificate is the only credential", "",
            OrderedJson::object()};
  if (status.truth("/session/logged_in")) return loggedIn(status, by == "login");
  const auto error = faultOf(status);
  const bool is_login_failure = error && (by == "login" || ofCredential(error->fault));
  if (!received.unknown.empty() || !is_login_failure) {
    return {"login", StepState::NotTried,
            by == "login" ? "not logged in yet"
                          : "no page has shown yet whether the credential is valid",
            "", OrderedJson::object()};
  }
  if (error->fault == Fault::Backoff) return waitStep(target, status);
  return failedStep("login", *error, target);
}

std::string samplesText(std::int64_t samples) {
  return std::to_string(samples) + (samples == 1 ? " sample" : " samples");
}

Step pageStep(const config::Target& target, const config::Page& page,
              const StatusDocument& status) {
  const auto named = std::string(page.name());
  const auto code = status.number("/status");
  if (status.truth("/up")) {
    return {"page", StepState::Ok,
            fmt::format("{}: {}, {}, {}, {} bytes", named, code.value_or(200),
                        status.text("/format"), samplesText(status.number("/samples").value_or(0)),
                        status.number("/bytes").value_or(0)),
            "", status.document()};
  }
  Error error{faultNamed(status.text("/fault")).value_or(Fault::Status),
              status.text("/error"),
              "",
              {},
              status.text("/remedy"),
              detailNamed(status.text("/detail"))};
  if (error.what.starts_with(fmt::format("page {}: ", named)))
    error.what.erase(0, named.size() + 7);
  auto step = failedStep("page", error, target);
  step.what = fmt::format("{}: {}: {}", named, faultName(error.fault), step.what);
  step.details = status.document();
  if (!page.required) {
    step.state = StepState::Warning;
    step.what += " (not required, the others are served)";
  }
  return step;
}

Step notTried(std::string name, const std::string& why,
              OrderedJson details = OrderedJson::object()) {
  return {std::move(name), StepState::NotTried, why, "", std::move(details)};
}

// `login_failed`: also when no login was tried.
void reportPages(const config::Target& target, const StatusDocument& status,
                 const ScraperAnswer& received, bool login_failed, Report& report) {
  const auto pages = status.list("/pages");
  for (std::size_t i = 0; i < target.pages.size(); ++i) {
    const auto& page = target.pages[i];
    const bool answered = i < pages.size() && pages[i].number("/status");
    const bool asked =
        i < pages.size() && !(login_failed && !answered) && received.fault != Fault::Busy;
    if (asked) {
      report.add(pageStep(target, page, pages[i]));
    } else {
      report.add(notTried(
          "page", std::string(page.name()) + (login_failed ? ": login failed" : ": not requested"),
          {{"page", page.name()}}));
    }
  }
}

bool reshapes(const config::Reshape& rules) {
  return !(rules == config::Reshape());
}

Step rulesStep(const config::Target& target, const StatusDocument& status) {
  const auto read = status.number("/page/read").value_or(0);
  Step step{"rules", StepState::Ok, "", "", {{"read", read}}};
  std::int64_t dropped = 0;
  std::string reasons;
  for (const char* reason : {"match", "relabel", "family_series_limit", "nan"}) {
    const auto number =
        status.number((std::string("/page/last_dropped/") + reason).c_str()).value_or(0);
    step.details["dropped"][reason] = number;
    dropped += number;
    if (number > 0) reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", reason, number);
  }
  if (!reshapes(target.reshape) && dropped == 0) {
    step.what = "no rules: every sample is passed on";
    return step;
  }
  step.what = fmt::format("of {} {} dropped{}", samplesText(read), dropped,
                          reasons.empty() ? "" : fmt::format(" ({})", reasons));
  const auto made = status.number("/page/last_relabel_duplicates").value_or(0);
  step.details["relabel_duplicates"] = made;
  if (made > 0) {
    step.state = StepState::Warning;
    step.what += fmt::format(", {} made duplicates of others, which Prometheus drops", made);
    step.remedy =
        "find the rule that merges series with postern rules, and keep a label that differs";
  }
  if (read > 0 && dropped >= read) {
    step.state = StepState::Warning;
    step.remedy = "find the rule that drops all samples with postern rules";
  }
  return step;
}

Step scraperStep(const ScraperAnswer& received, const std::string& failed_step) {
  if (!received.unknown.empty()) return notTried("scraper", received.unknown);
  if (received.fault) {
    const auto& info = faultInfo(*received.fault);
    const auto line = fmt::format("HTTP/1.1 {} {}", info.http_status, info.name);
    return {"scraper",
            StepState::Failed,
            line,
            "correct what failed above: " + failed_step,
            {{"status_line", line}, {"fault", info.name}}};
  }
  return {
      "scraper",
      StepState::Ok,
      fmt::format("HTTP/1.1 200 OK, {} bytes, {} series", received.bytes, received.series),
      "",
      {{"status_line", "HTTP/1.1 200 OK"}, {"bytes", received.bytes}, {"series", received.series}}};
}

}  // namespace

std::optional<Fault> faultNamed(const std::string& name) {
  const auto* const found = std::ranges::find(kFaults, name, &FaultInfo::name);
  return found == kFaults.end() ? std::nullopt : std::optional(found->fault);
}

void reportScrape(const config::Target& target, const StatusDocument& status,
                  const ScraperAnswer& received, Report& report) {
  const auto login = loginStep(target, status, received);
  const bool login_failed = login.state == StepState::Failed;
  report.add(login);
  reportPages(target, status, received, login_failed, report);
  if (received.fault || !received.unknown.empty()) {
    report.add(notTried("rules", "the page is missing"));
  } else {
    report.add(rulesStep(target, status));
  }
  const auto error = faultOf(status);
  std::string above = login_failed ? "the login" : "the page";
  if (received.fault == Fault::Busy && error) above = remedyOf(*error, target);
  report.add(scraperStep(received, above));
}

Step sessionStep(const config::Target& target, const StatusDocument& status) {
  return loginStep(target, status, {std::nullopt, 0, 0, "nothing was sent"});
}

Step waitStep(const config::Target& target, const StatusDocument& status) {
  const auto after = faultNamed(status.text("/session/waiting_after")).value_or(Fault::LoginFailed);
  const auto why = faultOf(status);
  Error error{after, why ? why->what : std::string(), "", {}};
  if (why && why->fault == after) error = *why;
  auto step = failedStep("login", error, target);
  const auto seconds = status.number("/next_attempt/in_seconds");
  step.what = fmt::format("waiting after {}{}; the next login is tried {}", faultName(after),
                          error.what.empty() ? "" : fmt::format(" ({})", error.what),
                          seconds ? inTime(seconds) : "when the credential changes");
  step.details = status.document().value("session", OrderedJson::object());
  step.details["fault"] = faultName(Fault::Backoff);
  return step;
}

void reportNotTried(const config::Target& target, std::string_view first, const std::string& why,
                    Report& report) {
  bool begun = false;
  for (const std::string_view name : {"login", "page", "rules", "scraper"}) {
    begun = begun || name == first;
    if (!begun) continue;
    if (name != "page") {
      report.add(notTried(std::string(name), why));
      continue;
    }
    for (const auto& page : target.pages)
      report.add(
          notTried("page", fmt::format("{}: {}", page.name(), why), {{"page", page.name()}}));
  }
}

}  // namespace postern::check
