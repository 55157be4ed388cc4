#include "session/state_file.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.h"
#include "base/relief.h"

namespace postern::session {
namespace {

constexpr int kVersion = 1;

std::string randomHex() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

SystemTime fromUnix(double unix_time) {
  return SystemTime(
      std::chrono::duration_cast<SystemTime::duration>(std::chrono::duration<double>(unix_time)));
}

nlohmann::json toJson(const SavedState& state) {
  nlohmann::json releases = nlohmann::json::array();
  for (const SystemTime release : state.releases) releases.push_back(unixSeconds(release));
  return {{"version", kVersion},
          {"salt", state.salt},
          {"fingerprint", state.fingerprint},
          {"fault", faultName(state.fault)},
          {"rejections", state.rejections},
          {"next_attempt", unixSeconds(state.next_attempt)},
          {"never", state.never},
          {"releases", releases}};
}

// None when the text is not what toJson writes.
std::optional<SavedState> fromJson(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto is = [&](const char* key, auto check) {
    return json.contains(key) && (json[key].*check)();
  };
  using Json = nlohmann::json;
  const bool whole = json.is_object() && is("version", &Json::is_number_integer) &&
                     json["version"] == kVersion && is("salt", &Json::is_string) &&
                     is("fingerprint", &Json::is_string) && is("fault", &Json::is_string) &&
                     is("rejections", &Json::is_number_integer) &&
                     is("next_attempt", &Json::is_number) && is("never", &Json::is_boolean) &&
                     is("releases", &Json::is_array);
  if (!whole || json["salt"].get<std::string>().empty()) return std::nullopt;
  SavedState state;
  state.salt = json["salt"];
  state.fingerprint = json["fingerprint"];
  const auto fault =
      std::ranges::find(kFaults, json["fault"].get_ref<const std::string&>(), &FaultInfo::name);
  if (fault == kFaults.end()) return std::nullopt;
  state.fault = fault->fault;
  state.rejections = std::max(0, json["rejections"].get<int>());
  state.next_attempt = fromUnix(json["next_attempt"]);
  state.never = json["never"];
  for (const auto& release : json["releases"]) {
    if (!release.is_number()) return std::nullopt;
    state.releases.push_back(fromUnix(release));
  }
  return state;
}

// Replaces the file whole: whoever reads it sees the old state or the new one. 0, or errno.
int replaceFile(const std::filesystem::path& path, const std::string& text) {
  const std::string fresh = path.string() + ".new";
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  const auto written = write(fd, text.data(), text.size());
  int error = 0;
  if (written != static_cast<ssize_t>(text.size())) error = written < 0 ? errno : ENOSPC;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && rename(fresh.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) unlink(fresh.c_str());  // it would only take room
  return error;
}

}  // namespace

StateFile::StateFile(const std::filesystem::path& folder, const std::string& target)
    : target_(target) {
  if (!folder.empty()) {
    path_ = folder / (target + ".json");
    if (std::ifstream file(path_); file) {
      const std::string text((std::istreambuf_iterator<char>(file)), {});
      if (auto state = fromJson(text)) {
        loaded_ = *std::move(state);
      } else {
        log::warn("state file is not readable and starts anew",
                  {{"target", target}, {"file", path_.string()}});
      }
    }
  }
  if (loaded_.salt.empty()) loaded_.salt = randomHex();
}

void StateFile::save(const SavedState& state) {
  if (path_.empty()) return;
  Relief::call();
  const int error = replaceFile(path_, toJson(state).dump());
  if (error != 0 && !failing_) {
    log::warn("cannot keep the back-off over a restart",
              {{"target", target_}, {"file", path_.string()}, {"error", std::strerror(error)}});
  }
  failing_ = error != 0;
}

}  // namespace postern::session
