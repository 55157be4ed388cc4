#include <algorithm>

#include "config/readers.h"
#include "config/syntax.h"

namespace postern::config {
namespace {

void readTokenUrl(YamlMap& map, Oauth2& oauth2, Login& login) {
  const auto value = map.need("token_url");
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return;
  std::string wrong;
  if (auto host = parseEndpoint(*text, login.url, wrong)) oauth2.host = std::move(*host);
  value->accept(wrong);
}

void readClient(YamlMap& map, FileCredentials& client) {
  client.colon_allowed = true;
  const auto id = map.need("client_id");
  client.username = id ? id->text().value_or("") : "";
  map.secret("client_secret", client.password);
  map.path("client_secret_file", client.password_file);
  map.exclude({"client_secret", "client_secret_file"});
  if (map.present() && !map.has("client_secret") && !map.has("client_secret_file")) {
    map.value().addError("holds no secret, expected client_secret or client_secret_file");
  }
}

// RFC 6749 section 3.3.
std::string scopeMistake(std::string_view text) {
  const bool good = std::ranges::all_of(
      text, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
  return good ? "" : "is not a scope, expected one word: a list has one entry for each";
}

void readScopes(const YamlValue& value, std::vector<std::string>& scopes) {
  const auto list = value.list();
  if (!list) return;
  for (const auto& entry : *list) {
    const auto text = entry.text();
    if (text && entry.accept(scopeMistake(*text))) scopes.emplace_back(*text);
  }
}

// Parameters that other keys set, or that would select another grant.
std::string paramMistake(std::string_view name, bool has_scopes) {
  if (name == "grant_type") return "is always client_credentials, expected no other grant";
  if (name == "client_id" || name == "client_secret") {
    return "is the client's credential, expected it outside endpoint_params";
  }
  if (name == "scope" && has_scopes) return "excludes scopes, expected only one of them";
  return {};
}

void readEndpointParams(const YamlValue& value, bool has_scopes, Pairs& params) {
  const auto entries = value.entries();
  if (!entries) return;
  for (const auto& [name, key, param] : *entries) {
    const auto text = param.text();
    if (text && key.accept(paramMistake(name, has_scopes))) params.emplace_back(name, *text);
  }
}

}  // namespace

void readOauth2(const YamlValue& value, Target& target) {
  YamlMap map(value);
  auto& oauth2 = target.oauth2.emplace();
  auto& login = target.login.emplace();
  readClient(map, target.credentials.emplace().file.emplace());
  readTokenUrl(map, oauth2, login);
  login.token.json = "/access_token";
  login.expires.emplace().json = "/expires_in";
  if (const auto scopes = map.find("scopes")) readScopes(*scopes, oauth2.scopes);
  if (const auto params = map.find("endpoint_params")) {
    readEndpointParams(*params, !oauth2.scopes.empty(), oauth2.endpoint_params);
  }
  if (const auto tls = map.find("tls_config")) readTls(*tls, oauth2.tls);
  map.refuseUnknown(PrometheusBlock::Oauth2);
}

}  // namespace postern::config
