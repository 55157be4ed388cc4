#include <algorithm>

#include "base/text.h"
#include "config/readers.h"
#include "config/syntax.h"

namespace postern::config {
namespace {

constexpr Range<milliseconds> kRefreshInterval = {seconds(1), std::chrono::hours(24 * 7)};

void readUserAndPasswordFiles(YamlMap& map, FileCredentials& file) {
  map.path("username_file", file.username_file);
  map.exclude({"username", "username_file"});
  map.path("password_file", file.password_file);
  map.exclude({"password", "password_file"});
}

bool hasUser(const YamlMap& map) {
  return map.has("username") || map.has("username_file");
}
bool hasPassword(const YamlMap& map) {
  return map.has("password") || map.has("password_file");
}

void refuseHalfOfUserAndPassword(const YamlMap& map) {
  if (!map.present() || hasUser(map) == hasPassword(map)) return;
  map.value().addError(hasUser(map) ? "has no password, expected password or password_file"
                                    : "has no username, expected username or username_file");
}

void refuseNoneOrSeveral(const YamlMap& map) {
  if (!map.present()) return;
  const int kinds = int{hasUser(map) || hasPassword(map)} +
                    int{map.has("api_key") || map.has("api_key_file")} +
                    int{map.has("token") || map.has("token_file")} + int{map.has("directory")};
  if (kinds == 1) return;
  map.value().addError(
      std::string(kinds == 0 ? "holds no credential" : "holds several credentials") +
      ", expected a user with password, an api_key, a token or a directory");
}

void readFileCredentials(const YamlValue& value, FileCredentials& file) {
  YamlMap map(value);
  map.text("username", file.username);
  map.secret("password", file.password);
  readUserAndPasswordFiles(map, file);
  map.secret("api_key", file.api_key);
  map.path("api_key_file", file.api_key_file);
  map.exclude({"api_key", "api_key_file"});
  map.secret("token", file.token);
  map.path("token_file", file.token_file);
  map.exclude({"token", "token_file"});
  map.path("directory", file.directory);
  refuseHalfOfUserAndPassword(map);
  refuseNoneOrSeveral(map);
  map.refuseUnknown();
}

void readQuery(YamlMap& map, std::string& query) {
  const auto value = map.find("query");
  if (!value) return;
  // A query may be a block of several lines.
  const auto& text = value->node().text;
  if (value->node().kind != YamlNode::NodeKind::Scalar) {
    value->text();
  } else if (value->accept(databaseQueryMistake(text))) {
    query = text;
  }
}

void readRefreshInterval(YamlMap& map, seconds& interval) {
  const auto value = map.find("refresh_interval");
  const auto duration = value ? value->duration(kRefreshInterval) : std::nullopt;
  if (!duration) return;
  interval = std::chrono::floor<seconds>(*duration);
  if (interval != *duration)
    value->addError("is not a whole number of seconds, expected one without milliseconds");
}

void readMysql(const YamlValue& value, MysqlCredentials& mysql) {
  YamlMap map(value);
  map.path("directory", mysql.directory);
  for (const auto key :
       {"host", "port", "database", "user", "password", "password_file", "tls_config", "query"}) {
    map.exclude({"directory", key});
  }
  for (const auto key : {"host", "database", "user"}) {
    if (!map.has("directory")) map.need(key);
  }
  map.checked("host", mysql.host, hostMistake);
  std::size_t port = mysql.port;
  map.number("port", port, {1, 65535});
  mysql.port = static_cast<std::uint16_t>(port);
  map.checked("database", mysql.database, databaseNameMistake);
  map.checked("user", mysql.user, databaseNameMistake);
  map.secret("password", mysql.password);
  map.path("password_file", mysql.password_file);
  map.exclude({"password", "password_file"});
  if (const auto tls = map.find("tls_config")) readDatabaseTls(*tls, mysql.tls.emplace());
  readQuery(map, mysql.query);
  readRefreshInterval(map, mysql.refresh_interval);
  map.refuseUnknown();
}

std::string authorizationTypeMistake(std::string_view text) {
  if (equalsIgnoringCase(text, "Basic")) return "is Basic, expected basic_auth instead";
  if (headerNameMistake(text).empty()) return {};
  return "is not a type of authorization, expected a word like Bearer";
}

}  // namespace

// As in Prometheus either half may be missing, or be "".
void readBasicAuth(const YamlValue& value, Credentials& credentials) {
  YamlMap map(value);
  auto& file = credentials.file.emplace();
  file.half_allowed = true;
  const auto isEmpty = [&](std::string_view key) {
    const auto half = map.find(key);
    return half && half->node().quoted && half->node().text.empty();
  };
  if (!isEmpty("username")) map.text("username", file.username);
  if (!isEmpty("password")) map.secret("password", file.password);
  readUserAndPasswordFiles(map, file);
  const bool user = hasUser(map) && !isEmpty("username");
  const bool password = hasPassword(map) && !isEmpty("password");
  if (map.present() && !user && !password) {
    value.addError("holds no credential, expected username, password or both");
  }
  map.refuseUnknown(PrometheusBlock::BasicAuth);
}

void readAuthorization(const YamlValue& value, Credentials& credentials) {
  YamlMap map(value);
  auto& file = credentials.file.emplace();
  map.checked("type", credentials.authorization_type, authorizationTypeMistake);
  map.secret("credentials", file.token);
  map.path("credentials_file", file.token_file);
  map.exclude({"credentials", "credentials_file"});
  if (map.present() && !map.has("credentials") && !map.has("credentials_file")) {
    value.addError("holds no credential, expected credentials or credentials_file");
  }
  map.refuseUnknown(PrometheusBlock::Authorization);
}

void readCredentials(const YamlValue& value, Credentials& credentials) {
  YamlMap map(value);
  const auto file = map.find("file");
  if (file) readFileCredentials(*file, credentials.file.emplace());
  if (map.has("directory")) map.path("directory", credentials.file.emplace().directory);
  const auto mysql = map.find("mysql");
  if (mysql) readMysql(*mysql, credentials.mysql.emplace());
  map.exclude({"file", "directory", "mysql"});
  if (map.present() && !file && !mysql && !map.has("directory")) {
    value.addError("holds no source, expected file, directory or mysql");
  }
  map.refuseUnknown();
}

}  // namespace postern::config
