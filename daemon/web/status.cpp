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

OrderedJson timeOrNull(const std::optional<SystemTime>& time) {
  return time ? OrderedJson(rfc3339(*time)) : OrderedJson(nullptr);
}

// A time in the future and the seconds until then; negative when it has passed.
OrderedJson ahead(const std::optional<SystemTime>& time, SystemTime now) {
  if (!time) return nullptr;
  return {{"at", rfc3339(*time)}, {"in_seconds", secondsUntil(*time, now)}};
}

OrderedJson describeSession(const TargetView& target, SystemTime now) {
  const auto& session = target.session;
  const bool by_token = target.config->login.has_value() && !target.sends_credential_itself;
  OrderedJson json;
  json["proves_itself_by"] = !target.credential ? "certificate" : by_token ? "login" : "credential";
  json["logged_in"] = session.logged_in;
  json["logged_in_since"] =
      session.logged_in ? timeOrNull(session.last_success) : OrderedJson(nullptr);
  json["token_expires"] =
      session.logged_in && by_token ? ahead(session.token_expiry, now) : OrderedJson(nullptr);
  json["rejections_in_a_row"] = session.rejections;
  json["waiting"] = session.waiting;
  json["waiting_after"] =
      session.waiting_after ? OrderedJson(faultName(*session.waiting_after)) : OrderedJson(nullptr);
  json["logins"] = {{"success", session.successes},
                    {"rejected", session.rejected},
                    {"throttled", session.throttled},
                    {"failed", session.failed},
                    {"unreachable", session.unreachable}};
  return json;
}

OrderedJson describeCredential(const std::optional<CredentialView>& credential) {
  if (!credential) return nullptr;
  return {{"source", credential->source},
          {"found", credential->found},
          {"last_read", timeOrNull(credential->last_success)},
          {"error", credential->error},
          {"remedy",
           credential->remedy.empty() ? OrderedJson(nullptr) : OrderedJson(credential->remedy)}};
}

// The remedy of a target's or page's error.
OrderedJson remedyOf(const std::optional<Error>& error) {
  return error && !error->remedy.empty() ? OrderedJson(error->remedy) : OrderedJson(nullptr);
}

OrderedJson detailOf(const std::optional<Error>& error) {
  return error && error->detail != Detail::None ? OrderedJson(detailName(error->detail))
                                                : OrderedJson(nullptr);
}

OrderedJson describe(const std::string& role, const std::string& file, const tls::Summary& summary,
                     SystemTime now) {
  using Days = std::chrono::duration<std::int64_t, std::ratio<86'400>>;
  return {{"role", role},
          {"file", file.empty() ? OrderedJson(nullptr) : OrderedJson(file)},
          {"subject", summary.subject},
          {"names", summary.names},
          {"issuer", summary.issuer},
          {"not_before", rfc3339(summary.validity.not_before)},
          {"not_after", rfc3339(summary.validity.not_after)},
          {"days_left", std::chrono::floor<Days>(summary.validity.not_after - now).count()}};
}

OrderedJson describeCertificates(const TargetView& target, SystemTime now) {
  OrderedJson list = OrderedJson::array();
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

OrderedJson describePages(const TargetView& target) {
  const auto& counts = target.counts;
  const auto& pages = target.config->pages;
  OrderedJson list = OrderedJson::array();
  for (std::size_t page = 0; page < std::min(counts.pages.size(), pages.size()); ++page) {
    const auto& error = counts.pages[page];
    const auto& fetch_info = counts.fetch_infos[page];
    list.push_back(
        {{"page", pages[page].name()},
         {"up", !error.has_value()},
         {"fault", error ? OrderedJson(faultName(error->fault)) : OrderedJson(nullptr)},
         {"error", error ? OrderedJson(error->what) : OrderedJson(nullptr)},
         {"remedy", remedyOf(error)},
         {"detail", detailOf(error)},
         {"status", fetch_info.status != 0 ? OrderedJson(fetch_info.status) : OrderedJson(nullptr)},
         {"format",
          fetch_info.format ? OrderedJson(fetch_info.format->name()) : OrderedJson(nullptr)},
         {"bytes", fetch_info.bytes},
         {"samples", fetch_info.counts.read}});
  }
  return list;
}

OrderedJson describeScrapes(const TargetView& target) {
  const auto& counts = target.counts;
  std::uint64_t failed = 0;
  for (const auto count : counts.failures) failed += count;
  OrderedJson last = OrderedJson::array();
  for (const auto& scrape : target.last_scrapes) {
    last.push_back(
        {{"at", rfc3339(scrape.at)},
         {"seconds", roundedSeconds(scrape.seconds)},
         {"fault", scrape.fault ? OrderedJson(faultName(*scrape.fault)) : OrderedJson(nullptr)}});
  }
  return {{"total", counts.scrapes},
          {"failed", failed},
          {"shared", counts.shared},
          {"last", std::move(last)}};
}

OrderedJson describeDropped(const exposition::PageCounts& counts) {
  return {{"match", counts.unmatched},
          {"relabel", counts.relabelled},
          {"family_series_limit", counts.excess},
          {"nan", counts.nan}};
}

OrderedJson describePage(const scrape::ScrapeCounts& counts) {
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

OrderedJson describe(const TargetView& target, const TargetState& target_state, SystemTime now) {
  const auto& config = *target.config;
  const auto& material = target.material().status;
  OrderedJson json;
  json["name"] = config.name;
  json["preset"] = config.preset;
  json["url"] = fmt::format("https://{}{}", config.url.authority(), config.url.path);
  json["state"] = stateName(target_state.state);
  json["verdict"] = target_state.words;
  json["fault"] =
      target_state.fault ? OrderedJson(faultName(target_state.fault->fault)) : OrderedJson(nullptr);
  json["why"] = target_state.fault ? OrderedJson(target_state.fault->what) : OrderedJson(nullptr);
  json["remedy"] = remedyOf(target_state.fault);
  json["detail"] = detailOf(target_state.fault);
  json["since"] = timeOrNull(target_state.since);
  json["next"] = target_state.next;
  json["next_attempt"] = ahead(target_state.next_attempt, now);
  json["warnings"] = target_state.warnings;
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
  OrderedJson list = OrderedJson::array();
  auto all = TargetState::Condition::Ok;
  for (const auto& target : targets) {
    const auto target_state = stateOf(target);
    all = worst(all, target_state.state);
    list.push_back(describe(target, target_state, now));
  }
  OrderedJson json;
  json["schema"] = kSchema;
  json["version"] = self.version;
  json["revision"] = self.revision;
  json["pid"] = ::getpid();
  json["started"] = rfc3339(self.started);
  json["now"] = rfc3339(now);
  json["state"] = stateName(all);
  json["config"] = {
      {"file", self.config_file.empty() ? OrderedJson(nullptr) : OrderedJson(self.config_file)},
      {"fingerprint", self.config_fingerprint},
      {"last_reload",
       {{"successful", self.reload_successful}, {"last_success", rfc3339(self.reloaded)}}}};
  json["http_connections"] = self.listener.connections;
  json["targets"] = std::move(list);
  return write(json);
}

}  // namespace postern::web
