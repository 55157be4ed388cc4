#include "config/description.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "config/units.h"

namespace postern::config {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kSecret = "<secret>";
constexpr const char* kHidden = "<hidden>";  // may contain a secret

std::string_view versionName(TlsVersion version) {
  switch (version) {
    case TlsVersion::Tls10: return "TLS10";
    case TlsVersion::Tls11: return "TLS11";
    case TlsVersion::Tls12: break;
    case TlsVersion::Tls13: return "TLS13";
  }
  return "TLS12";
}

void addPath(OrderedJson& json, const char* key, const Path& path) {
  if (!path.empty()) json[key] = path.string();
}

void addText(OrderedJson& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

void addSecret(OrderedJson& json, const char* key, const Secret& secret) {
  if (!secret.empty()) json[key] = kSecret;
}

// "{{username}}" is shown. Any other value may contain a key and is hidden.
OrderedJson masked(std::string_view value) {
  const bool placeholder = value.starts_with("{{") && value.find("}}") == value.size() - 2;
  return placeholder ? OrderedJson(value) : OrderedJson(kHidden);
}

void mask(OrderedJson& json) {
  if (json.is_structured()) {
    for (auto& part : json) mask(part);
  } else if (json.is_string()) {
    json = masked(json.get_ref<const std::string&>());
  } else if (json.is_number()) {
    json = kHidden;
  }
}

// A query may contain a key.
std::string withoutQuery(const std::string& url) {
  const auto query = url.find('?');
  return query == url.npos ? url : url.substr(0, query + 1) + kHidden;
}

// name: [value, ...], each value masked.
OrderedJson describeParams(const Pairs& params) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, value] : params) json[name].push_back(kHidden);
  return json;
}

OrderedJson describeHeaders(const HttpHeaders& headers) {
  OrderedJson json = OrderedJson::object();
  for (const auto& header : headers) {
    OrderedJson& shown = json[header.name];
    for (std::size_t i = 0; i < header.values.size(); ++i) shown["values"].push_back(kHidden);
    for (std::size_t i = 0; i < header.secrets.size(); ++i) shown["secrets"].push_back(kSecret);
    for (const auto& file : header.files) shown["files"].push_back(file.string());
  }
  return json;
}

OrderedJson describeFiles(const Tls& tls) {
  OrderedJson json = OrderedJson::object();
  addPath(json, "ca_file", tls.ca_file);
  addPath(json, "crl_file", tls.crl_file);
  addPath(json, "cert_file", tls.cert_file);
  addPath(json, "key_file", tls.key_file);
  addPath(json, "pkcs12_file", tls.pkcs12_file);
  addPath(json, "key_password_file", tls.key_password_file);
  return json;
}

OrderedJson describeTls(const Tls& tls) {
  OrderedJson json = describeFiles(tls);
  // Without a ca_file the system's roots are the only ones.
  if (!tls.ca_file.empty()) json["system_roots"] = tls.system_roots;
  addText(json, "server_name", tls.server_name);
  addText(json, "spiffe_id", tls.spiffe_id);
  json["min_version"] = versionName(tls.min_version);
  if (!tls.pin_sha256.empty()) json["pin_sha256"] = encodeBase64(tls.pin_sha256);
  json["insecure_skip_verify"] = tls.insecure_skip_verify;
  return json;
}

OrderedJson describeFile(const FileCredentials& file) {
  OrderedJson json = OrderedJson::object();
  addText(json, "username", file.username);
  addSecret(json, "password", file.password);
  addSecret(json, "api_key", file.api_key);
  addSecret(json, "token", file.token);
  addPath(json, "username_file", file.username_file);
  addPath(json, "password_file", file.password_file);
  addPath(json, "api_key_file", file.api_key_file);
  addPath(json, "token_file", file.token_file);
  addPath(json, "directory", file.directory);
  return json;
}

OrderedJson describeMysql(const MysqlCredentials& mysql) {
  if (!mysql.directory.empty()) {
    return {{"directory", mysql.directory.string()},
            {"refresh_interval", showDuration(mysql.refresh_interval)}};
  }
  OrderedJson json = {{"host", mysql.host},
                      {"port", mysql.port},
                      {"database", mysql.database},
                      {"user", mysql.user}};
  addSecret(json, "password", mysql.password);
  addPath(json, "password_file", mysql.password_file);
  if (mysql.tls) json["tls_config"] = describeFiles(*mysql.tls);
  addText(json, "query", mysql.query);
  json["refresh_interval"] = showDuration(mysql.refresh_interval);
  return json;
}

// Below the key that sets such a credential in the file.
void addCredentials(OrderedJson& json, const Credentials& credentials) {
  if (credentials.mysql) {
    json["credentials"]["mysql"] = describeMysql(*credentials.mysql);
    return;
  }
  const FileCredentials& file = *credentials.file;
  if (file.half_allowed) {
    json["basic_auth"] = describeFile(file);
    return;
  }
  if (credentials.authorization_type == Credentials().authorization_type) {
    json["credentials"]["file"] = describeFile(file);
    return;
  }
  OrderedJson& authorization = json["authorization"];
  authorization["type"] = credentials.authorization_type;
  addSecret(authorization, "credentials", file.token);
  addPath(authorization, "credentials_file", file.token_file);
}

OrderedJson describePlace(const AnswerPlace& place) {
  if (!place.cookie.empty()) return {{"cookie", place.cookie}};
  return place.inBody() ? OrderedJson{{"json", place.json}} : OrderedJson{{"header", place.header}};
}

OrderedJson describeBackoff(const BackoffOptions& backoff) {
  return {{"initial", showDuration(backoff.initial)},
          {"max", showDuration(backoff.max)},
          {"rejected", showDuration(backoff.rejected)},
          {"throttled", showDuration(backoff.throttled)},
          {"max_rejected", backoff.max_rejected},
          {"retry_rejected", showDuration(backoff.retry_rejected)}};
}

OrderedJson describeBody(const Login& login) {
  if (!login.json_body.empty()) {
    OrderedJson body = OrderedJson::parse(login.json_body, nullptr, /*allow_exceptions=*/false);
    mask(body);
    return {{"json", std::move(body)}};
  }
  OrderedJson form = OrderedJson::object();
  for (const auto& [name, value] : login.form) form[name] = masked(value);
  return {{"form", std::move(form)}};
}

OrderedJson describeLogin(const Login& login) {
  OrderedJson json = {
      {"url", withoutQuery(login.url)}, {"method", login.method}, {"basic_auth", login.basic_auth}};
  if (!login.json_body.empty() || !login.form.empty()) json["body"] = describeBody(login);
  if (!login.http_headers.empty()) json["http_headers"] = describeHeaders(login.http_headers);
  if (!login.success.empty()) json["success"] = login.success;
  if (!login.rejected.empty()) json["rejected"] = login.rejected;
  json["token"] = describePlace(login.token);
  if (login.expires) json["expires"] = describePlace(*login.expires);
  json["send_as"] = login.send_as;
  if (login.logout)
    json["logout"] = {{"method", login.logout->method}, {"url", withoutQuery(login.logout->url)}};
  json["logout_at_exit"] = login.logout_at_exit;
  json["backoff"] = describeBackoff(login.backoff);
  return json;
}

// The target's credentials and login come from oauth2.
OrderedJson describeOauth2(const Target& target) {
  const Oauth2& oauth2 = *target.oauth2;
  const FileCredentials& client = *target.credentials->file;
  OrderedJson json = {{"client_id", client.username}};
  addSecret(json, "client_secret", client.password);
  addPath(json, "client_secret_file", client.password_file);
  json["token_url"] =
      fmt::format("https://{}{}", oauth2.host.authority(), withoutQuery(target.login->url));
  if (!oauth2.scopes.empty()) json["scopes"] = oauth2.scopes;
  for (const auto& [name, value] : oauth2.endpoint_params) json["endpoint_params"][name] = kHidden;
  json["tls_config"] = describeTls(oauth2.tls);
  return json;
}

OrderedJson describePage(const Page& page) {
  OrderedJson json = {{"path", page.path}, {"format", page.format.name()}};
  if (!page.params.empty()) json["params"] = describeParams(page.params);
  json["required"] = page.required;
  json["timeout"] = showDuration(page.timeout);
  json["min_interval"] = showDuration(page.min_interval);
  if (page.format.isJson()) {
    for (const auto option : page.format.json->options)
      json[std::string(option)] = std::ranges::count(page.options, option) > 0;
  }
  return json;
}

OrderedJson describeRelabel(const Relabel& rule) {
  const Relabel defaults;
  OrderedJson json = {{"action", actionName(rule.action)}};
  if (!rule.source_labels.empty()) json["source_labels"] = rule.source_labels;
  if (rule.separator != defaults.separator) json["separator"] = rule.separator;
  if (rule.regex != defaults.regex) json["regex"] = rule.regex;
  if (rule.modulus != 0) json["modulus"] = rule.modulus;
  addText(json, "target_label", rule.target_label);
  if (rule.replacement != defaults.replacement) json["replacement"] = rule.replacement;
  return json;
}

OrderedJson describeMap(const std::vector<std::pair<std::string, std::string>>& pairs) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, value] : pairs) json[name] = value;
  return json;
}

void addReshape(OrderedJson& json, const Reshape& reshape) {
  for (const auto& selector : reshape.match) json["match"].push_back(selector.text);
  if (!reshape.labels.empty()) json["labels"] = describeMap(reshape.labels);
  json["honor_labels"] = reshape.honor_labels;
  for (const auto& rule : reshape.metric_relabel_configs)
    json["metric_relabel_configs"].push_back(describeRelabel(rule));
  if (!reshape.rename.empty()) json["rename"] = describeMap(reshape.rename);
  if (!reshape.anonymize.labels.empty())
    json["anonymize"] = {{"labels", reshape.anonymize.labels}, {"salt_file", kSecret}};
}

void addLimits(OrderedJson& json, const Target& target) {
  const Limits& limits = target.limits;
  const bool of_json = target.pages.front().format.isJson();
  json["body_size_limit"] = showSize(of_json ? limits.json_body_size : limits.body_size);
  json["line_limit"] = showSize(limits.line);
  json["sample_limit"] = limits.samples;
  json["label_limit"] = limits.labels;
  json["label_name_length_limit"] = limits.label_name_length;
  json["label_value_length_limit"] = limits.label_value_length;
  json["family_series_limit"] = limits.family_series;
}

void addScraping(OrderedJson& json, const Target& target) {
  json["scrape_timeout"] = showDuration(target.scrape_timeout);
  json["hold_back"] = showSize(target.hold_back);
  json["merge_limit"] = showSize(target.merge_limit);
  json["share_for"] = showDuration(target.share_for);
  json["max_concurrent_scrapes"] = target.max_concurrent_scrapes;
  json["append_self"] = target.append_self;
  json["honor_timestamps"] = target.honor_timestamps;
  json["follow_redirects"] = target.follow_redirects;
  json["strict"] = target.strict;
  if (!target.params.empty()) json["params"] = describeParams(target.params);
  if (!target.http_headers.empty()) json["http_headers"] = describeHeaders(target.http_headers);
}

}  // namespace

nlohmann::ordered_json describe(const Target& target) {
  OrderedJson json = {{"name", target.name},
                      {"preset", target.preset},
                      {"url", fmt::format("https://{}{}", target.url.authority(), target.url.path)},
                      {"tls_config", describeTls(target.tls)}};
  if (target.oauth2) {
    json["oauth2"] = describeOauth2(target);
  } else {
    if (target.credentials) addCredentials(json, *target.credentials);
    if (target.login) json["login"] = describeLogin(*target.login);
  }
  for (const auto& page : target.pages) json["pages"].push_back(describePage(page));
  addScraping(json, target);
  addLimits(json, target);
  addReshape(json, target.reshape);
  return json;
}

std::string fingerprint(const std::vector<Target>& targets) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a: it protects no secret
  for (const auto& target : targets) {
    for (const char c :
         describe(target).dump(-1, ' ', false, OrderedJson::error_handler_t::replace)) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace postern::config
