#include "web/status.h"

#include <fmt/core.h>

#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

#include "config/description.h"
#include "web/health.h"
#include "web/json.h"
#include "web/target_state.h"

namespace postern::web {
namespace {

constexpr int kSchema = 1;  // rises when a field changes its meaning or is removed

// Rounded to milliseconds, the precision of the measurement.
double roundedSeconds(double seconds) {
  return std::round(seconds * 1000) / 1000;
}

std::int64_t secondsUntil(SystemTime time, SystemTime now) {
  return std::chrono::ceil<std::chrono::seconds>(time - now).count();
}

Json timeOrNull(const std::optional<SystemTime>& time) {
  return time ? Json(rfc3339(*time)) : Json(nullptr);
}

// A time in the future and the seconds until then; negative when it has passed.
Json ahead(const std::optional<SystemTime>& time, SystemTime now) {
  if (!time) return nullptr;
  return {{"at", rfc3339(*time)}, {"in_seconds", secondsUntil(*time, now)}};
}

Json describeSession(const TargetView& target, SystemTime now) {
  const auto& session = target.session;
  const bool by_token = target.config->login.has_value() && !target.sends_credential_itself;
  Json json;
  json["proves_itself_by"] = !target.credential ? "certificate" : by_token ? "login" : "credential";
  json["logged_in"] = session.logged_in;
  json["logged_in_since"] = session.logged_in ? timeOrNull(session.last_success) : Json(nullptr);
  json["token_expires"] =
      session.logged_in && by_token ? ahead(session.token_expiry, now) : Json(nullptr);
  json["rejections_in_a_row"] = session.rejections;
  json["waiting"] = session.waiting;
  json["waiting_after"] =
      session.waiting_after ? Json(faultName(*session.waiting_after)) : Json(nullptr);
  json["logins"] = {{"success", session.successes},
                    {"rejected", session.rejected},
                    {"throttled", session.throttled},
                    {"failed", session.failed},
                    {"unreachable", session.unreachable}};
  return json;
}

Json describeCredential(const std::optional<CredentialView>& credential) {
  if (!credential) return nullptr;
  return {{"source", credential->source},
          {"found", credential->found},
          {"last_read", timeOrNull(credential->last_success)},
          {"error", credential->error},
          {"remedy", credential->remedy.empty() ? Json(nullptr) : Json(credential->remedy)}};
}

// The remedy of a target's or page's error.
Json remedyOf(const std::optional<Error>& error) {
  return error && !error->remedy.empty() ? Json(error->remedy) : Json(nullptr);
}

Json detailOf(const std::optional<Error>& error) {
  return error && error->detail != Detail::None ? Json(detailName(error->detail)) : Json(nullptr);
}

Json describe(const std::string& role, const std::string& file, const tls::Summary& summary,
              SystemTime now) {
  using Days = std::chrono::duration<std::int64_t, std::ratio<86'400>>;
  return {{"role", role},
          {"file", file.empty() ? Json(nullptr) : Json(file)},
          {"subject", summary.subject},
          {"names", summary.names},
          {"issuer", summary.issuer},
          {"not_before", rfc3339(summary.validity.not_before)},
          {"not_after", rfc3339(summary.validity.not_after)},
          {"days_left", std::chrono::floor<Days>(summary.validity.not_after - now).count()}};
}

Json describeCertificates(const TargetView& target, SystemTime now) {
  Json list = Json::array();
  for (const auto& material : target.materials) {
    const std::string prefix(rolePrefix(material.peer));
    for (const auto& summary : material.client_chain)
      list.push_back(describe(prefix + "client", material.cert_file, summary, now));
    for (const auto& summary : material.authorities)
      list.push_back(describe(prefix + "ca", material.ca_file, summary, now));
    if (material.server) list.push_back(describe(prefix + "upstream", "", *material.server, now));
  }
  return list;
}

Json describePages(const TargetView& target) {
  const auto& counts = target.counts;
  const auto& pages = target.config->pages;
  Json list = Json::array();
  for (std::size_t page = 0; page < std::min(counts.pages.size(), pages.size()); ++page) {
    const auto& error = counts.pages[page];
    const auto& story = counts.stories[page];
    list.push_back({{"page", pages[page].name()},
                    {"up", !error.has_value()},
                    {"fault", error ? Json(faultName(error->fault)) : Json(nullptr)},
                    {"error", error ? Json(error->what) : Json(nullptr)},
                    {"remedy", remedyOf(error)},
                    {"detail", detailOf(error)},
                    {"status", story.status != 0 ? Json(story.status) : Json(nullptr)},
                    {"format", story.format ? Json(story.format->name()) : Json(nullptr)},
                    {"bytes", story.bytes},
                    {"samples", story.counts.read}});
  }
  return list;
}

Json describeScrapes(const TargetView& target) {
  const auto& counts = target.counts;
  std::uint64_t failed = 0;
  for (const auto count : counts.failures) failed += count;
  Json last = Json::array();
  for (const auto& scrape : target.last_scrapes) {
    last.push_back({{"at", rfc3339(scrape.at)},
                    {"seconds", roundedSeconds(scrape.seconds)},
                    {"fault", scrape.fault ? Json(faultName(*scrape.fault)) : Json(nullptr)}});
  }
  return {{"total", counts.scrapes},
          {"failed", failed},
          {"shared", counts.shared},
          {"last", std::move(last)}};
}

Json describeDropped(const exposition::PageCounts& counts) {
  return {{"match", counts.unmatched},
          {"relabel", counts.relabelled},
          {"family_series_limit", counts.excess},
          {"nan", counts.nan}};
}

Json describePage(const scrape::Counts& counts) {
  return {{"bytes", counts.page_bytes},
          {"samples", counts.samples},
          {"read", counts.last.read},
          {"last_dropped", describeDropped(counts.last)},
          {"dropped", describeDropped(counts.all)},
          {"duplicates", counts.all.duplicates},
          {"relabel_duplicates", counts.all.relabel_duplicates},
          {"last_relabel_duplicates", counts.last.relabel_duplicates},
          {"checks_skipped", counts.checks_skipped},
          {"type_clashes", counts.type_clashes}};
}

Json describe(const TargetView& target, const TargetState& verdict, SystemTime now) {
  const auto& config = *target.config;
  const auto& material = target.material().status;
  Json json;
  json["name"] = config.name;
  json["preset"] = config.preset;
  json["url"] = fmt::format("https://{}{}", config.url.authority(), config.url.path);
  json["state"] = stateName(verdict.state);
  json["verdict"] = verdict.words;
  json["fault"] = verdict.fault ? Json(faultName(verdict.fault->fault)) : Json(nullptr);
  json["why"] = verdict.fault ? Json(verdict.fault->what) : Json(nullptr);
  json["remedy"] = remedyOf(verdict.fault);
  json["detail"] = detailOf(verdict.fault);
  json["since"] = timeOrNull(verdict.since);
  json["next"] = verdict.next;
  json["next_attempt"] = ahead(verdict.next_attempt, now);
  json["warnings"] = verdict.warnings;
  json["session"] = describeSession(target, now);
  json["credential"] = describeCredential(target.credential);
  json["material"] = {{"loaded", material.loaded}, {"error", material.error}};
  json["certificates"] = describeCertificates(target, now);
  json["health"] = serviceHealth(target);
  json["pages"] = describePages(target);
  json["scrapes"] = describeScrapes(target);
  json["page"] = describePage(target.counts);
  json["upstream_connections"] = target.connections;
  json["config"] = config::describe(config);
  return json;
}

}  // namespace

std::string status(const TargetViews& targets, const Self& self, SystemTime now) {
  Json list = Json::array();
  auto all = TargetState::State::Ok;
  for (const auto& target : targets) {
    const auto verdict = judge(target);
    all = worst(all, verdict.state);
    list.push_back(describe(target, verdict, now));
  }
  Json json;
  json["schema"] = kSchema;
  json["version"] = self.version;
  json["revision"] = self.revision;
  json["pid"] = ::getpid();
  json["started"] = rfc3339(self.started);
  json["now"] = rfc3339(now);
  json["state"] = stateName(all);
  json["config"] = {
      {"file", self.config_file.empty() ? Json(nullptr) : Json(self.config_file)},
      {"fingerprint", self.config_fingerprint},
      {"last_reload",
       {{"successful", self.reload_successful}, {"last_success", rfc3339(self.reloaded)}}}};
  json["http_connections"] = self.front.connections;
  json["targets"] = std::move(list);
  return write(json);
}

}  // namespace postern::web
