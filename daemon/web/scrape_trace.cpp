#include "web/scrape_trace.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/printable.h"
#include "web/json.h"
#include "web/page.h"
#include "web/target_state.h"

namespace postern::web {
namespace {

// Lines, each with a step's name and a description.
class TraceText {
 public:
  void add(std::string_view step, std::string_view what) {
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
  return fmt::format("{}: {}", faultName(error.fault), error.what);
}

std::string describe(const tls::Summary& summary) {
  return fmt::format("'{}' for {}, issued by '{}', until {}", summary.subject, summary.names,
                     summary.issuer, rfc3339(summary.validity.not_after));
}

std::string describe(const upstream::TransportInfo& transport) {
  return std::string(transport.kept ? "on a reused connection: " : "on a new connection: ") +
         tls::describe(transport.negotiated) +
         (transport.negotiated.resumed ? "; it resumed an earlier session" : "");
}

void addCertificates(const TargetView& target, TraceText& trace_text) {
  const auto& material = target.material();
  if (material.error) return trace_text.add("certificates", describe(*material.error));
  const auto& ours = material.client_chain;
  const auto& authorities = material.authorities;
  trace_text.add("certificates", ours.empty()
                                     ? "no client certificate is configured"
                                     : fmt::format("client: {}, from {}", describe(ours.front()),
                                                   material.cert_file));
  trace_text.add(
      "", authorities.empty()
              ? "CA: the system's trust store"
              : fmt::format("CA: {}, from {}", describe(authorities.front()), material.ca_file));
  if (target.config->tls.insecure_skip_verify)
    trace_text.add("", "the service's certificate is not verified");
}

void addCredential(const std::optional<CredentialView>& credential, TraceText& trace_text) {
  if (!credential) return trace_text.add("credential", "not needed");
  const std::string source = "from " + std::string(credential->source);
  if (!credential->found)
    return trace_text.add("credential", fmt::format("not found {}: {}", source, credential->error));
  trace_text.add(
      "credential",
      fmt::format("found {}{}", source,
                  credential->error.empty() ? "" : "; read again: " + credential->error));
}

void addSession(const session::SessionStatus& before, const session::SessionStatus& after,
                bool has_credential, TraceText& trace_text) {
  if (!has_credential)
    return trace_text.add("session", "the client certificate is the only credential");
  const auto failed = [](const auto& status) {
    return status.rejected + status.throttled + status.failed + status.unreachable;
  };
  const bool succeeded = after.successes > before.successes;
  const bool tried = succeeded || failed(after) > failed(before);
  const char* what = "no login was sent";
  if (succeeded) {
    what = "logged in";
  } else if (tried) {
    what = "the login failed";
  } else if (before.waiting) {
    what = "waiting, no login was sent";
  } else if (after.logged_in) {
    what = "the result of the last login was used again";
  }
  trace_text.add("session", what);
  if (tried && after.login_transport) trace_text.add("", describe(*after.login_transport));
  if (after.token_expiry && after.logged_in)
    trace_text.add("", "the token expires at " + rfc3339(*after.token_expiry));
  if (after.rejections > 0)
    trace_text.add("", std::to_string(after.rejections) + " rejections in a row");
}

void addConnection(const TargetView& target, std::size_t before, TraceText& trace_text) {
  trace_text.add("connection",
                 fmt::format("to {}; open before: {}, after: {}", target.config->url.authority(),
                             before, target.connections));
  if (const auto& server = target.material().server)
    trace_text.add("", "the service presented " + describe(*server));
}

std::string describe(const scrape::FetchInfo& page, const std::optional<Error>& error) {
  if (page.kept) return "not fetched, the last successful one is recent enough (min_interval)";
  const auto& counts = page.counts;
  std::string text = error ? describe(*error) : "200";
  if (!page.content_type.empty()) text += ", " + printable(page.content_type);
  return fmt::format("{}, {} samples read, {} kept, in {}", text, counts.read, counts.kept,
                     showSeconds(page.seconds));
}

void addPages(const TargetView& target, TraceText& trace_text) {
  const auto& counts = target.counts;
  const auto& pages = target.config->pages;
  exposition::PageCounts all;
  for (std::size_t page = 0; page < std::min(counts.fetch_infos.size(), pages.size()); ++page) {
    const auto error = page < counts.pages.size() ? counts.pages[page] : std::nullopt;
    const auto& fetch_info = counts.fetch_infos[page];
    trace_text.add("page", fmt::format("{}: {}", pages[page].name(), describe(fetch_info, error)));
    if (fetch_info.transport && !fetch_info.kept)
      trace_text.add("", describe(*fetch_info.transport));
    all += fetch_info.counts;
  }
  trace_text.add(
      "rules", fmt::format("dropped: {} by match, {} by relabeling, {} by family_series_limit, {} "
                           "as NaN; {} duplicates from the service, {} made by rules",
                           all.unmatched, all.relabelled, all.excess, all.nan, all.duplicates,
                           all.relabel_duplicates));
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

std::string describe(const ScrapeTrace& trace) {
  const auto& target = trace.target;
  const auto& config = *target.config;
  TraceText trace_text;
  trace_text.add("target", fmt::format("{}, https://{}{}, preset {}, at {}", config.name,
                                       config.url.authority(), config.url.path, config.preset,
                                       rfc3339(target.now)));
  trace_text.add("", "one scrape, made now; scrapes at the same time may affect these figures");
  addCertificates(target, trace_text);
  addCredential(target.credential, trace_text);
  addSession(trace.session_before, target.session, target.credential.has_value(), trace_text);
  addConnection(target, trace.connections_before, trace_text);
  addPages(target, trace_text);
  trace_text.add(
      "outcome",
      trace.error
          ? fmt::format("{} {}", faultInfo(trace.error->fault).http_status, describe(*trace.error))
          : fmt::format("200, {} bytes, in {}", trace.bytes, showSeconds(trace.seconds)));
  const auto target_state = stateOf(target);
  trace_text.add("verdict", target_state.words);
  for (const auto& warning : target_state.warnings) trace_text.add("warning", warning);
  if (target_state.next_attempt)
    trace_text.add("next login",
                   fmt::format("at {} at the earliest", rfc3339(*target_state.next_attempt)));
  trace_text.add("next", target_state.next);
  return trace_text.text();
}

async::Task<http::Reply> traceReply(scrape::Target& target, const http::Request& request,
                                    std::chrono::milliseconds timeout_offset,
                                    async::Scope& connection) {
  const auto deadline = scrapeDeadline(target, request, timeout_offset);
  const auto before = viewOf(target);
  const auto began = target.clock().steady();
  PageCounter stream;
  const exposition::Output output;
  const auto answer = co_await target.scrape(deadline, output, stream, connection);
  const std::chrono::duration<double> took = target.clock().steady() - began;
  ScrapeTrace trace;
  trace.bytes = stream.bytes();
  if (answer.page && *answer.page) trace.bytes = (*answer.page)->size();
  if (!answer.page) trace.error = answer.page.error();
  trace.seconds = took.count();
  trace.session_before = before.session;
  trace.connections_before = before.connections;
  trace.target = viewOf(target);
  http::Reply reply;
  reply.body = describe(trace);
  co_return reply;
}

}  // namespace postern::web
