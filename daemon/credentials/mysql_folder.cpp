#include "credentials/mysql_folder.h"

#include <fmt/core.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/text.h"
#include "config/syntax.h"
#include "config/units.h"

namespace postern::credentials {
namespace {

constexpr std::array<std::string_view, 9> kNames = {
    "host", "port", "database", "username", "password", "query", "ca.crt", "tls.crt", "tls.key"};

using Mistake = std::string (*)(std::string_view);

std::string portMistake(std::string_view text) {
  std::string wrong;
  if (config::readNumber(text, {1, 65535}, wrong)) return {};
  return "is not a port, expected 1 to 65535";
}

// Reads the files one by one, until the first mistake.
class Folder {
 public:
  explicit Folder(const config::Path& path) : path_(path) {}

  bool has(std::string_view name) const { return stateOf(path_ / name) != FileState(); }

  Secret secret(std::string_view name) {
    if (error_) return {};
    if (!has(name)) {
      addError(name, "is missing");
      return {};
    }
    // The file is empty for an account without a password.
    if (name == "password" && stateOf(path_ / name).size == 0) return {};
    auto read = readSecretFile(path_ / name);
    if (read) return *std::move(read);
    error_ = read.error();
    error_->fault = Fault::CredentialSource;
    return {};
  }

  std::string text(std::string_view name, Mistake mistake) {
    const Secret value = secret(name);
    if (error_) return {};
    std::string text(value.reveal());
    // The password may be in this file by mistake, so no error shows the value.
    if (hasControlCharacter(text) && name != "query") {
      addError(name, "holds a control character");
    } else if (const auto wrong = mistake(text); !wrong.empty()) {
      addError(name, wrong);
    }
    return text;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  void addError(std::string_view name, const std::string& what) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path_, ignored)) {
      error_ = withRemedy(Fault::CredentialSource,
                          fmt::format("the folder {} does not exist: mount a secret with host, "
                                      "database, username and password there",
                                      path_.string()));
      return;
    }
    error_ =
        withRemedy(Fault::CredentialSource, fmt::format("{} {}", (path_ / name).string(), what),
                   fmt::format("correct the key {} of the secret that is mounted there", name));
  }

  const config::Path& path_;
  std::optional<Error> error_;
};

Result<config::MysqlCredentials> read(const config::MysqlCredentials& named) {
  auto database = named;
  Folder folder(named.directory);
  database.host = folder.text("host", config::hostMistake);
  if (folder.has("port")) {
    const auto port = config::parseNumber(folder.text("port", portMistake));
    database.port = static_cast<std::uint16_t>(port.value_or(0));
  }
  database.database = folder.text("database", config::databaseNameMistake);
  database.user = folder.text("username", config::databaseNameMistake);
  database.password = folder.secret("password");
  if (folder.has("query")) database.query = folder.text("query", config::databaseQueryMistake);
  if (folder.error()) return *folder.error();
  if (!folder.has("ca.crt") && !folder.has("tls.crt")) return database;
  auto& tls = database.tls.emplace();
  if (folder.has("ca.crt")) tls.ca_file = named.directory / "ca.crt";
  if (folder.has("tls.crt")) {
    tls.cert_file = named.directory / "tls.crt";
    tls.key_file = named.directory / "tls.key";
  }
  return database;
}

}  // namespace

std::vector<FileState> statesOf(const config::MysqlCredentials& database) {
  std::vector<FileState> states;
  if (database.directory.empty()) {
    states.push_back(stateOf(database.password_file));
    if (!database.tls) return states;
    const auto& tls = *database.tls;
    for (const auto* file :
         {&tls.ca_file, &tls.crl_file, &tls.cert_file, &tls.key_file, &tls.key_password_file}) {
      states.push_back(stateOf(*file));
    }
    return states;
  }
  states.reserve(kNames.size());
  for (const auto name : kNames) states.push_back(stateOf(database.directory / name));
  return states;
}

Result<config::MysqlCredentials> withFolder(const config::MysqlCredentials& database) {
  if (database.directory.empty()) return database;
  for (int i = 0; i < kReadings; ++i) {
    const auto before = statesOf(database);
    auto whole = read(database);
    if (statesOf(database) == before) return whole;
  }
  return withRemedy(Fault::CredentialSource,
                    fmt::format("the files in {} change faster than they can be read: replace them "
                                "in one step, by renaming",
                                database.directory.string()));
}

std::optional<config::Tls> tlsFilesOf(const config::MysqlCredentials& database) {
  std::optional<config::Tls> tls = database.tls;
  if (!database.directory.empty()) {
    tls.emplace();
    tls->ca_file = database.directory / "ca.crt";
    tls->cert_file = database.directory / "tls.crt";
    tls->key_file = database.directory / "tls.key";
    tls->optional_files = true;
  }
  if (tls) tls->files_only = true;
  return tls;
}

}  // namespace postern::credentials
