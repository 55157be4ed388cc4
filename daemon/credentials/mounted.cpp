#include "credentials/mounted.h"

#include <fmt/core.h>

#include <string>
#include <system_error>
#include <utility>

#include "credentials/validate.h"

namespace postern::credentials {
namespace {}  // namespace

MountedSource::MountedSource(config::FileCredentials files) : files_(std::move(files)) {
  if (files_.directory.empty()) return;
  files_.username_file = files_.directory / "username";
  files_.password_file = files_.directory / "password";
  files_.api_key_file = files_.directory / "api_key";
  files_.token_file = files_.directory / "token";
}

Result<Credential> MountedSource::load(Deadline) {
  for (int i = 0; i < kReadings; ++i) {
    const auto before = states();
    auto credential = read();
    if (states() == before) return credential;
  }
  const auto& file = files_.password_file.empty() ? files_.username_file : files_.password_file;
  return withRemedy(Fault::CredentialSource,
                    file.string() +
                        " or a file beside it changes faster than it can be read: replace "
                        "the files in one step, by renaming");
}

std::vector<FileState> MountedSource::states() const {
  return {stateOf(files_.username_file), stateOf(files_.password_file),
          stateOf(files_.api_key_file), stateOf(files_.token_file)};
}

Result<Credential> MountedSource::read() const {
  const bool optional = !files_.directory.empty();
  std::optional<Error> failed;
  const auto value = [&](const config::Path& file, const Secret& inline_value) {
    if (file.empty() || failed) return inline_value;
    auto secret = readSecretFile(file);
    if (secret) return *std::move(secret);
    if (!optional || secret.error().fault != Fault::NoCredential) failed = secret.error();
    return Secret();
  };
  Credential credential;
  credential.username = value(files_.username_file, Secret(files_.username)).reveal();
  credential.password = value(files_.password_file, files_.password);
  credential.api_key = value(files_.api_key_file, files_.api_key);
  credential.token = value(files_.token_file, files_.token);
  if (failed) return *std::move(failed);
  const bool half = !credential.username.empty() || !credential.password.empty();
  if (!(half && files_.half_allowed)) {
    if (const auto field = missingField(credential); !field.empty()) return lacks(field);
  }
  if (const auto why = forbiddenBytes(credential, files_.colon_allowed)) {
    const auto place = optional ? files_.directory.string() + ": " : std::string();
    return withRemedy(Fault::NoCredential, place + *why, "correct it");
  }
  return credential;
}

Error MountedSource::lacks(std::string_view field) const {
  const std::string name(field);
  if (files_.directory.empty()) {
    return withRemedy(Fault::NoCredential,
                      fmt::format("the credential has no {}: set {} or {}_file", name, name, name));
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(files_.directory, ignored)) {
    return withRemedy(Fault::NoCredential,
                      fmt::format("the directory {} does not exist: mount the secret there",
                                  files_.directory.string()));
  }
  return withRemedy(
      Fault::NoCredential,
      (files_.directory / name).string() +
          " is missing or empty: mount a secret with username and password, api_key or token");
}

}  // namespace postern::credentials
