#include "session/state_file.h"

#include <openssl/rand.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/detached_thread.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/log.h"
#include "base/log_on_change.h"
#include "base/mutex.h"

namespace postern::session {
namespace {

constexpr int kVersion = 1;
constexpr std::chrono::seconds kPatience{1};
constexpr std::size_t kMostBytes = 64U << 10;  // a state has less than 1 KiB

std::string randomHex() {
  std::string bytes(16, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return encodeHex(bytes);
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

// Not set when toJson() does not write such a text.
std::optional<SavedState> fromJson(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto is = [&](const char* key, auto check) {
    return json.contains(key) && (json[key].*check)();
  };
  const bool whole =
      json.is_object() && is("version", &nlohmann::json::is_number_integer) &&
      json["version"] == kVersion && is("salt", &nlohmann::json::is_string) &&
      is("fingerprint", &nlohmann::json::is_string) && is("fault", &nlohmann::json::is_string) &&
      is("rejections", &nlohmann::json::is_number_integer) &&
      is("next_attempt", &nlohmann::json::is_number) && is("never", &nlohmann::json::is_boolean) &&
      is("releases", &nlohmann::json::is_array);
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

}  // namespace

// Shared with the writing thread.
struct StateFile::Writer {
  Writer(std::filesystem::path path, std::string of)
      : file(std::move(path)), target(std::move(of)) {}

  // Runs on the thread: writes until nothing is pending. Requires that `writing` is set.
  void work();
  void logChange(int error) REQUIRES(mutex);
  // Whether no thread is available to write the pending state. Then the caller must write it.
  bool isLeft();
  // Returns whether everything was written before the deadline.
  bool wait(SteadyTime deadline);

  const std::filesystem::path file;
  const std::string target;
  Mutex mutex;  // never held during a write
  std::condition_variable idle;
  std::optional<std::string> pending GUARDED_BY(mutex);
  bool writing GUARDED_BY(mutex) = false;
  LogOnChange failing GUARDED_BY(mutex);
  LogOnChange late GUARDED_BY(mutex);
};

void StateFile::Writer::work() {
  MutexLock lock(mutex);
  while (pending) {
    const auto text = *std::exchange(pending, std::nullopt);
    lock.unlock();
    const int error = replaceFile(file, text);
    lock.lock();
    logChange(error);
  }
  writing = false;
  late.ends();
  idle.notify_all();
}

void StateFile::Writer::logChange(int error) {
  if (error == 0) {
    failing.ends();
  } else if (failing.begins()) {
    log::warn("cannot store the back-off for a restart",
              {{"target", target}, {"file", file.string()}, {"error", std::strerror(error)}});
  }
}

bool StateFile::Writer::isLeft() {
  const MutexLock lock(mutex);
  return pending && !std::exchange(writing, true);
}

bool StateFile::Writer::wait(SteadyTime deadline) {
  MutexLock lock(mutex);
  if (!writing) return true;
  return idle.wait_until(lock.native(), deadline, [this]() REQUIRES(mutex) { return !writing; });
}

StateFile::StateFile(const std::filesystem::path& folder, const std::string& target) {
  if (!folder.empty()) {
    writer_ = std::make_shared<Writer>(folder / (target + ".json"), target);
    if (const auto wrong = load(writer_->file); !wrong.empty()) {
      log::warn("state file cannot be read: the back-off starts from scratch",
                {{"target", target}, {"file", writer_->file.string()}, {"error", wrong}});
    }
  }
  if (loaded_.salt.empty()) loaded_.salt = randomHex();
}

StateFile::~StateFile() {
  if (writer_) writer_->wait(std::chrono::steady_clock::now() + kPatience);
}

std::string StateFile::load(const std::filesystem::path& file) {
  std::string text;
  if (const auto error = readFile(file, kMostBytes, text)) {
    return error->reason == FileErrorReason::Missing ? "" : error->what;
  }
  auto state = fromJson(text);
  if (!state) return "not a state file of this version";
  loaded_ = *std::move(state);
  return "";
}

void StateFile::save(const SavedState& state) {
  if (!writer_) return;
  {
    const MutexLock lock(writer_->mutex);
    writer_->pending = toJson(state).dump();
    if (std::exchange(writer_->writing, true)) return;
  }
  if (startDetachedThread([writer = writer_] { writer->work(); })) return;
  const MutexLock lock(writer_->mutex);
  writer_->writing = false;  // Flush::wait() writes it
}

bool StateFile::Flush::wait() const {
  if (!writer_) return true;
  if (writer_->isLeft()) {
    writer_->work();
    return true;
  }
  if (writer_->wait(std::chrono::steady_clock::now() + kPatience)) return true;
  const MutexLock lock(writer_->mutex);
  if (writer_->late.begins()) {
    log::warn("writing the state file takes too long, logins do not wait for it",
              {{"target", writer_->target}, {"file", writer_->file.string()}});
  }
  return false;
}

}  // namespace postern::session
