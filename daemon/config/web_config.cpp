#include "config/web_config.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/printable.h"
#include "config/readers.h"
#include "config/syntax.h"
#include "config/web_readers.h"

namespace postern::config {
namespace {

struct KnownHeader {
  std::string_view name;
  std::vector<std::string_view> values;  // empty: any
};

// exporter-toolkit supports only these.
const std::array<KnownHeader, 5>& knownHeaders() {
  static const std::array<KnownHeader, 5> headers = {{{"Content-Security-Policy", {}},
                                                      {"Strict-Transport-Security", {}},
                                                      {"X-Content-Type-Options", {"nosniff"}},
                                                      {"X-Frame-Options", {"deny", "sameorigin"}},
                                                      {"X-XSS-Protection", {}}}};
  return headers;
}

// No error quotes a value.
void readHeader(const KnownHeader& known, const YamlValue& value, Pairs& headers) {
  const auto text = value.text();
  if (!text) return;
  if (known.values.empty() ||
      std::find(known.values.begin(), known.values.end(), *text) != known.values.end()) {
    headers.emplace_back(known.name, *text);
    return;
  }
  std::string expected;
  for (const auto allowed : known.values) {
    expected += (expected.empty() ? "" : " or ") + std::string(allowed);
  }
  value.addError("has a value that browsers do not know, expected " + expected);
}

void readWebHeaders(const YamlValue& value, Pairs& headers) {
  YamlMap map(value);
  for (const auto& known : knownHeaders()) {
    if (const auto header = findGiven(map, known.name)) readHeader(known, *header, headers);
  }
  map.refuseUnknown();
}

void readHttpServer(const YamlValue& value, WebConfig& config) {
  YamlMap map(value);
  map.boolean("http2", config.http2_wanted);
  if (const auto headers = findGiven(map, "headers")) readWebHeaders(*headers, config.headers);
  map.refuseUnknown();
}

void readUser(const YamlEntry& entry, std::map<std::string, Secret>& users) {
  if (entry.name.find(':') != entry.name.npos) {
    entry.key.addError(
        "holds a colon, which ends the name in a request; expected a name without a colon");
  }
  const auto hash = entry.value.text();
  if (hash && entry.value.accept(bcryptMistake(*hash))) {
    users.emplace(entry.name, Secret(*hash));
  }
}

// In Go a whole number without a unit counts nanoseconds. Only 0 makes sense.
std::optional<std::chrono::nanoseconds> readInterval(const YamlValue& value) {
  constexpr std::string_view kExpected = "expected a duration like 1s or 250ms, or 0 for no limit";
  const auto text = value.text();
  if (!text) return std::nullopt;
  const auto interval = parseGoDuration(*text);
  if (interval) return interval;
  value.addError("is not a duration, " + std::string(kExpected));
  return std::nullopt;
}

void readRateLimit(const YamlValue& value, RateLimit& limit, std::vector<std::string>& warnings) {
  constexpr std::size_t kLargestBurst = 1'000'000'000;
  YamlMap map(value);
  if (const auto interval = findGiven(map, "interval")) {
    limit.interval = readInterval(*interval).value_or(limit.interval);
  }
  map.number("burst", limit.burst, {0, kLargestBurst});
  map.refuseUnknown();
  if (limit.interval > std::chrono::nanoseconds(0) && limit.burst == 0) {
    warnings.emplace_back("rate_limit has no burst: postern answers every request with 429");
  }
}

std::optional<unsigned> costOf(std::string_view hash) {
  const auto* const digits = hash.data() + 4;
  unsigned cost = 0;
  const auto [end, error] = std::from_chars(digits, digits + 2, cost);
  if (error != std::errc() || end != digits + 2) return std::nullopt;
  return cost;
}

}  // namespace

std::optional<YamlValue> findGiven(YamlMap& map, std::string_view key) {
  auto value = map.find(key);
  if (!value) return value;
  const auto& node = value->node();
  const bool blank = node.kind == YamlNode::NodeKind::Null ||
                     (node.kind == YamlNode::NodeKind::Scalar && node.text.empty());
  return blank ? std::nullopt : std::move(value);
}

std::string bcryptMistake(std::string_view hash) {
  constexpr std::size_t kSize = 60;
  constexpr unsigned kMinCost = 4;
  constexpr unsigned kMostCost = 31;
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./";
  const std::string expected =
      "expected the 60 characters that `htpasswd -nBC 10 NAME` prints after the colon";
  std::string no_hash = "is not a bcrypt hash, " + expected;
  if (hash.starts_with("$2$") || hash.starts_with("$2x$")) {
    return "has a form with known bugs ($2$ or $2x$), " + expected;
  }
  const bool known =
      hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$");
  if (!known || hash.size() != kSize || hash[6] != '$') return no_hash;
  const auto cost = costOf(hash);
  if (!cost || *cost < kMinCost || *cost > kMostCost ||
      hash.find_first_not_of(kAlphabet, 7) != hash.npos) {
    return no_hash;
  }
  if (*cost <= kMaxBcryptCost) return {};
  return fmt::format(
      "has cost {}: checking one password would block all other clients for about {} seconds, "
      "expected "
      "a cost of at most 14",
      *cost, 1U << (*cost - kMaxBcryptCost));
}

LoadedWebConfig parseWebConfig(const std::string& text, const std::string& file,
                               const Path& folder) {
  ErrorCollector collector(file, folder);
  LoadedWebConfig loaded;
  auto& config = loaded.config;
  const auto document = parseYamlTree(text);
  for (const auto& [line, column, what] : document.mistakes) collector.add(line, column, "", what);
  if (document.root && document.root->kind != YamlNode::NodeKind::Null) {
    YamlMap map(YamlValue(*document.root, "", collector));
    if (const auto tls = findGiven(map, "tls_server_config")) {
      config.tls = readTlsServer(*tls, loaded.warnings);
    }
    if (const auto http = findGiven(map, "http_server_config")) readHttpServer(*http, config);
    if (const auto users = findGiven(map, "basic_auth_users")) {
      for (const auto& entry : users->entries().value_or(std::vector<YamlEntry>())) {
        readUser(entry, config.basic_auth_users);
      }
    }
    if (const auto limit = findGiven(map, "rate_limit")) {
      readRateLimit(*limit, config.rate_limit, loaded.warnings);
    }
    map.refuseUnknown();
  }
  loaded.files = collector.files();
  loaded.errors = collector.errors();
  return loaded;
}

LoadedWebConfig loadWebConfig(const Path& file) {
  std::string wrong;
  const auto text = readYamlText(file, wrong);
  if (text) return parseWebConfig(*text, file.string(), file.parent_path());
  LoadedWebConfig loaded;
  loaded.errors.push_back({file.string(), "", wrong});
  return loaded;
}

}  // namespace postern::config
