#include "serve/story.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/printable.h"
#include "serve/json.h"
#include "serve/page.h"
#include "serve/verdict.h"

namespace postern::serve {
namespace {

// Lines of a step's name and what is told of it.
class Story {
 public:
  void tell(std::string_view step, std::string_view what) {
    text_ += step;
    text_.append(step.size() < kIndent ? kIndent - step.size() : 1, ' ');
    text_ += what;
    text_ += '\n';
  }
  const std::string& text() const { return text_; }

 private:
  static constexpr std::size_t kIndent = 14;
  std::string text_;
};

std::string showSeconds(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", seconds * 1000);
  return text.data();
}

std::string describe(const Error& error) {
  return std::string(faultName(error.fault)) + ": " + error.what;
}

std::string describe(const tls::Summary& summary) {
  return "'" + summary.subject + "' for " + summary.names + ", issued by '" + summary.issuer +
         "', until " + rfc3339(summary.validity.not_after);
}

std::string describe(const upstream::Way& way) {
  return std::string(way.kept ? "on a kept connection: " : "on a new connection: ") +
         tls::describe(way.terms) + (way.terms.resumed ? "; it resumed an earlier session" : "");
}

void tellOfCertificates(const scrape::Target& target, Story& story) {
  const auto& tls = target.config().tls;
  const auto material = target.door()->material.current();
  if (!material) return story.tell("certificates", describe(material.error()));
  const auto& ours = (*material)->clientChain();
  const auto& authorities = (*material)->authorities();
  story.tell("certificates",
             ours.empty() ? "none of our own"
                          : "ours: " + describe(ours.front()) + ", of " + tls.cert_file.string());
  story.tell("", authorities.empty()
                     ? "the system's roots decide on the service's"
                     : "CA: " + describe(authorities.front()) + ", of " + tls.ca_file.string());
  if (tls.insecure_skip_verify) story.tell("", "the service's certificate is not verified");
}

void tellOfCredential(const scrape::Door& door, Story& story) {
  if (!door.credentials) return story.tell("credential", "none is needed");
  const auto status = door.credentials->status();
  const std::string source = "from " + std::string(status.source);
  if (!door.credentials->current())
    return story.tell("credential", "not found " + source + ": " + status.error);
  story.tell("credential",
             "found " + source + (status.error.empty() ? "" : "; read again: " + status.error));
}

void tellOfSession(const session::Session::Status& before, const session::Session::Status& after,
                   bool has_credential, Story& story) {
  if (!has_credential) return story.tell("session", "the client certificate alone speaks for us");
  const auto failed = [](const auto& status) {
    return status.rejected + status.throttled + status.failed + status.unreachable;
  };
  const bool succeeded = after.successes > before.successes;
  const bool tried = succeeded || failed(after) > failed(before);
  const char* what = "nothing was sent to log in";
  if (succeeded) {
    what = "logged in";
  } else if (tried) {
    what = "the login failed";
  } else if (before.waiting) {
    what = "waiting, no login was sent";
  } else if (after.logged_in) {
    what = "what the last login gave was used again";
  }
  story.tell("session", what);
  if (tried && after.login_way) story.tell("", describe(*after.login_way));
  if (after.token_expiry && after.logged_in)
    story.tell("", "the token expires at " + rfc3339(*after.token_expiry));
  if (after.rejections > 0)
    story.tell("", std::to_string(after.rejections) + " rejections in a row");
}

void tellOfConnection(const scrape::Target& target, std::size_t before, Story& story) {
  const auto& client = target.door()->client;
  story.tell("connection", "to " + target.config().url.authority() +
                               "; open before: " + std::to_string(before) +
                               ", after: " + std::to_string(client.connections()));
  if (const auto server = client.serverCertificate())
    story.tell("", "the service showed " + describe(*server));
}

std::string describe(const scrape::PageStory& page, const std::optional<Error>& error) {
  if (page.kept) return "not fetched, the last good one is young enough (min_interval)";
  const auto& counts = page.counts;
  std::string text = error ? describe(*error) : "200";
  if (!page.content_type.empty()) text += ", " + printable(page.content_type);
  return text + ", " + std::to_string(counts.read) + " samples read, " +
         std::to_string(counts.kept) + " kept, in " + showSeconds(page.seconds);
}

void tellOfPages(const scrape::Target& target, const scrape::Counts& counts, Story& story) {
  const auto& pages = target.config().pages;
  exposition::PageCounts all;
  for (std::size_t page = 0; page < std::min(counts.stories.size(), pages.size()); ++page) {
    const auto error = page < counts.pages.size() ? counts.pages[page] : std::nullopt;
    const auto& told = counts.stories[page];
    story.tell("page", std::string(pages[page].name()) + ": " + describe(told, error));
    if (told.way && !told.kept) story.tell("", describe(*told.way));
    all += told.counts;
  }
  story.tell("rules", "left out: " + std::to_string(all.unmatched) + " by match, " +
                          std::to_string(all.relabelled) + " by relabelling, " +
                          std::to_string(all.excess) + " by family_series_limit, " +
                          std::to_string(all.nan) + " as NaN; " + std::to_string(all.duplicates) +
                          " duplicates from the service, " +
                          std::to_string(all.relabel_duplicates) + " made by rules");
}

}  // namespace

bool asksForDebug(std::string_view query) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    if (query.substr(0, end) == "debug=true") return true;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

int answerWithStory(scrape::Target& target, const http::Request& request,
                    std::chrono::milliseconds timeout_offset, http::ResponseSink& sink) {
  const auto& config = target.config();
  const scrape::Door& door = *target.door();
  const auto time = scrapeTime(request.header("x-prometheus-scrape-timeout-seconds"),
                               config.scrape_timeout, timeout_offset);
  const auto before = door.session.status();
  const auto connections = door.client.connections();
  std::size_t bytes = 0;
  std::optional<int> left;  // the status, when we were answered before our thread was free
  const auto leave_early = [&](const scrape::Target::Answer& answer) {
    left = answerWithFault(config.name, answer.page.error(), sink);
  };
  const auto began = std::chrono::steady_clock::now();
  const auto answer = target.scrape(
      began + time, {}, [&](std::string_view block) { return bytes += block.size(), true; },
      leave_early);
  if (left) return *left;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (answer.page && *answer.page) bytes = (*answer.page)->size();
  const auto counts = target.stats()->counts();

  Story story;
  story.tell("target", config.name + ", https://" + config.url.authority() + config.url.path +
                           ", preset " + config.preset + ", at " +
                           rfc3339(target.clock().system()));
  story.tell("", "one scrape, made now; what others do at the same time may show in it");
  tellOfCertificates(target, story);
  tellOfCredential(door, story);
  tellOfSession(before, door.session.status(), door.credentials != nullptr, story);
  tellOfConnection(target, connections, story);
  tellOfPages(target, counts, story);
  story.tell("outcome",
             answer.page
                 ? "200, " + std::to_string(bytes) + " bytes, in " + showSeconds(took.count())
                 : std::to_string(faultInfo(answer.page.error().fault).http_status) + " " +
                       describe(answer.page.error()));
  const auto verdict = judge(target);
  story.tell("verdict", verdict.words);
  for (const auto& warning : verdict.warnings) story.tell("warning", warning);
  if (verdict.next_attempt)
    story.tell("next login", "at " + rfc3339(*verdict.next_attempt) + " at the earliest");
  story.tell("next", verdict.next);
  sink.send({}, story.text());
  return 200;
}

}  // namespace postern::serve
