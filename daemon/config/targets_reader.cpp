#include <fmt/core.h>

#include <map>

#include "base/printable.h"
#include "config/readers.h"
#include "config/syntax.h"

namespace postern::config {
namespace {

constexpr std::size_t kNoCount = 1'000'000'000;
constexpr std::size_t kKib = 1U << 10;
constexpr std::size_t kMib = 1U << 20;
constexpr std::size_t kGib = 1U << 30;

// Reads the preset first, because every other key overrides it.
Target startFromPreset(YamlMap& map, Products products) {
  const auto value = map.find("preset");
  const auto name = value ? value->text() : std::nullopt;
  if (!name) return *makePreset(products, "none");
  auto target = makePreset(products, *name);
  if (!target) value->addError(unknownPreset(products));
  return target ? std::move(*target) : *makePreset(products, "none");
}

void readUrl(YamlMap& map, Url& url) {
  const auto value = map.need("url");
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return;
  std::string wrong;
  if (auto parsed = parseUrl(*text, wrong)) url = std::move(*parsed);
  value->accept(wrong);
}

void readLimits(YamlMap& map, Limits& limits) {
  if (const auto value = map.find("body_size_limit")) {
    if (const auto size = value->size({0, 1024 * kGib})) {
      limits.body_size = *size;
      limits.json_body_size = *size;
    }
  }
  map.size("line_limit", limits.line, {kKib, 64 * kMib});
  map.number("sample_limit", limits.samples, {0, kNoCount});
  map.number("label_limit", limits.labels, {0, kNoCount});
  map.number("label_name_length_limit", limits.label_name_length, {0, kNoCount});
  map.number("label_value_length_limit", limits.label_value_length, {0, kNoCount});
  map.number("family_series_limit", limits.family_series, {0, kNoCount});
}

void readScraping(YamlMap& map, Target& target) {
  map.duration("scrape_timeout", target.scrape_timeout, {milliseconds(10), minutes(10)});
  map.size("hold_back", target.hold_back, {1, kGib});
  map.size("merge_limit", target.merge_limit, {1, kGib});
  map.duration("share_for", target.share_for, {milliseconds(0), std::chrono::hours(1)});
  map.number("max_concurrent_scrapes", target.max_concurrent_scrapes, {1, 100});
  map.boolean("append_self", target.append_self);
  map.boolean("honor_timestamps", target.honor_timestamps);
  map.boolean("follow_redirects", target.follow_redirects);
  if (const auto params = map.find("params")) readParams(*params, target.params);
  if (const auto headers = map.find("http_headers")) {
    readHeaders(*headers, ownHeaderNameMistake, target.http_headers);
  }
}

void readCredential(YamlMap& map, std::optional<Credentials>& credentials) {
  if (const auto basic = map.find("basic_auth")) readBasicAuth(*basic, credentials.emplace());
  if (const auto authorization = map.find("authorization")) {
    readAuthorization(*authorization, credentials.emplace());
  }
  if (const auto value = map.find("credentials")) readCredentials(*value, credentials.emplace());
  map.exclude({"basic_auth", "authorization", "oauth2", "credentials"});
}

// basic_auth and authorization are sent with each page, in the header of a login's token. oauth2 is
// itself a login.
void refuseTwoWaysIn(YamlMap& map, const Target& target) {
  if (!target.login) return;
  for (const auto key : {"basic_auth", "authorization", "oauth2"}) {
    if (!map.has(key)) continue;
    const auto login = map.has("login") ? "login" : "the login of preset " + target.preset;
    map.find(key)->addError(fmt::format("excludes {}, expected credentials for it", login));
  }
  if (map.present() && !target.credentials && !map.has("oauth2")) {
    map.value().addError("needs credentials for its login, expected credentials");
  }
}

// Only a login with a body sends the user name outside of a Basic header.
void allowColon(Target& target) {
  if (!target.credentials || !target.login || target.login->basic_auth) return;
  if (target.credentials->file) target.credentials->file->colon_allowed = true;
  if (target.credentials->mysql) target.credentials->mysql->colon_allowed = true;
}

Target readTarget(const YamlValue& value, Products products) {
  YamlMap map(value);
  auto target = startFromPreset(map, products);
  map.checked("name", target.name, targetNameMistake);
  readUrl(map, target.url);
  readScraping(map, target);
  readLimits(map, target.limits);
  map.boolean("strict", target.strict);
  readReshape(map, target.reshape);
  if (const auto tls = map.find("tls_config")) readTls(*tls, target.tls);
  readCredential(map, target.credentials);
  if (const auto login = map.find("login")) {
    readLogin(*login, target.login ? *target.login : target.login.emplace());
  }
  if (const auto pages = map.find("pages")) readPages(*pages, products, target.pages);
  refuseTwoWaysIn(map, target);
  allowColon(target);
  if (const auto oauth2 = map.find("oauth2")) readOauth2(*oauth2, target);
  map.refuseUnknown(PrometheusBlock::ScrapeConfig);
  return target;
}

}  // namespace

std::vector<Target> readTargets(const YamlValue& value, Products products) {
  const auto list = value.list();
  std::vector<Target> targets;
  std::map<std::string, std::size_t> lines;
  for (const auto& entry : list.value_or(std::vector<YamlValue>())) {
    if (entry.enough()) break;
    targets.push_back(readTarget(entry, products));
    const auto& name = targets.back().name;
    const auto [earlier, fresh] = lines.emplace(name, entry.node().line);
    if (!fresh) {
      entry.addError(fmt::format("name {} is taken by the target of line {}, expected another",
                                 name, earlier->second));
    }
  }
  return targets;
}

}  // namespace postern::config
