#include "serve/status.h"

#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

#include "config/description.h"
#include "serve/health.h"
#include "serve/json.h"
#include "serve/verdict.h"

namespace postern::serve {
namespace {

constexpr int kSchema = 1;  // rises when a field changes its meaning or goes

// Rounded to milliseconds: no more is known.
double roundedSeconds(double seconds) {
  return std::round(seconds * 1000) / 1000;
}

std::int64_t secondsUntil(SystemTime time, SystemTime now) {
  return std::chrono::ceil<std::chrono::seconds>(time - now).count();
}

Json timeOrNull(const std::optional<SystemTime>& time) {
  return time ? Json(rfc3339(*time)) : Json(nullptr);
}

// A moment ahead: the time and how long it is until then, negative when it has passed.
Json ahead(const std::optional<SystemTime>& time, SystemTime now) {
  if (!time) return nullptr;
  return {{"at", rfc3339(*time)}, {"in_seconds", secondsUntil(*time, now)}};
}

Json describeSession(const scrape::Target& target, SystemTime now) {
  const auto& door = *target.door();
  const auto session = door.session.status();
  const bool by_token = target.config().login.has_value() && !door.session.sendsCredentialItself();
  Json json;
  json["proves_itself_by"] = !door.credentials ? "certificate" : by_token ? "login" : "credential";
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

Json describeCredential(const scrape::Door& door) {
  if (!door.credentials) return nullptr;
  const auto status = door.credentials->status();
  return {{"source", status.source},
          {"found", door.credentials->current() != nullptr},
          {"last_read", timeOrNull(status.last_success)},
          {"error", status.error},
          {"remedy", status.remedy.empty() ? Json(nullptr) : Json(status.remedy)}};
}

// What the error of a target or a page says besides its words.
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

// Those of the files in `store`, and of the server that `client` (may be null) has reached last.
void addCertificates(const std::string& prefix, const tls::Store& store,
                     const upstream::Client* client, SystemTime now, Json& list) {
  const auto& tls = store.config();
  if (const auto material = store.current()) {
    for (const auto& summary : (*material)->clientChain())
      list.push_back(describe(prefix + "client", tls.cert_file.string(), summary, now));
    for (const auto& summary : (*material)->authorities())
      list.push_back(describe(prefix + "ca", tls.ca_file.string(), summary, now));
  }
  if (client == nullptr) return;
  if (const auto server = client->serverCertificate())
    list.push_back(describe(prefix + "upstream", "", *server, now));
}

Json describeCertificates(const scrape::Target& target, SystemTime now) {
  const auto& door = *target.door();
  Json list = Json::array();
  addCertificates("", door.material, &door.client, now, list);
  if (const auto* endpoint = door.token_endpoint.get())
    addCertificates("token_endpoint_", endpoint->material, &endpoint->client, now, list);
  if (door.database_material)
    addCertificates("database_", *door.database_material, nullptr, now, list);
  return list;
}

Json describePages(const scrape::Target& target, const scrape::Counts& counts) {
  const auto& pages = target.config().pages;
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
                    {"format", story.format ? Json(formatName(*story.format)) : Json(nullptr)},
                    {"bytes", story.bytes},
                    {"samples", story.counts.read}});
  }
  return list;
}

Json describeScrapes(const scrape::Stats& stats, const scrape::Counts& counts) {
  std::uint64_t failed = 0;
  for (const auto count : counts.failures) failed += count;
  Json last = Json::array();
  for (const auto& scrape : stats.lastScrapes()) {
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

Json describe(const scrape::Target& target, const Verdict& verdict, SystemTime now) {
  const auto counts = target.stats()->counts();
  const auto& config = target.config();
  const auto material = target.door()->material.status();
  Json json;
  json["name"] = config.name;
  json["preset"] = config.preset;
  json["url"] = "https://" + config.url.authority() + config.url.path;
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
  json["credential"] = describeCredential(*target.door());
  json["material"] = {{"loaded", material.loaded}, {"error", material.error}};
  json["certificates"] = describeCertificates(target, now);
  json["health"] = serviceHealth(target, counts);
  json["pages"] = describePages(target, counts);
  json["scrapes"] = describeScrapes(*target.stats(), counts);
  json["page"] = describePage(counts);
  json["upstream_connections"] = target.door()->client.connections();
  json["config"] = config::describe(config);
  return json;
}

}  // namespace

std::string status(const Targets& targets, const Self& self, SystemTime now) {
  Json list = Json::array();
  auto all = Verdict::State::Ok;
  for (const auto& target : targets.all) {
    const auto verdict = judge(*target);
    all = worst(all, verdict.state);
    list.push_back(describe(*target, verdict, now));
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

}  // namespace postern::serve
