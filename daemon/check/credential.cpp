#include "check/credential.h"

#include <fmt/core.h>

#include "credentials/mounted.h"
#include "check/remedy.h"

namespace postern::check {
namespace {

std::string kindOf(const config::Target& target, const credentials::Credential& credential) {
  if (target.oauth2) return "client_id and client_secret";
  if (!credential.token.empty()) return "a token";
  if (!credential.username.empty() && !credential.password.empty()) return "user and password";
  if (!credential.api_key.empty()) return "an API key";
  return credential.password.empty() ? "a user without password" : "a password without user";
}

}  // namespace

Step credentialStep(const config::Target& target, const Result<credentials::Credential>& loaded) {
  if (!loaded) return failedStep("credential", loaded.error(), target);
  const auto place = placeOf(*target.credentials);
  const auto kind = kindOf(target, *loaded);
  return {"credential",
          State::Ok,
          fmt::format("{} from {}", kind, place),
          "",
          {{"from", place}, {"kind", kind}}};
}

Step examineMounted(const config::Target& target) {
  credentials::MountedSource source(*target.credentials->file);
  return credentialStep(target, source.load(deadlineIn(std::chrono::seconds(5))));
}

}  // namespace postern::check
