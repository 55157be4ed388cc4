#include "web/basic_auth.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "base/encoding.h"
#include "base/text.h"

namespace postern::web {

struct BasicAuth::Login {
  std::string name;
  Secret password;

  // Not set when `authorization` has another scheme or is damaged.
  static std::optional<Login> of(std::string_view authorization) {
    constexpr std::string_view kScheme = "Basic ";
    if (!equalsIgnoringCase(authorization.substr(0, kScheme.size()), kScheme)) {
      return std::nullopt;
    }
    const auto decoded = decodeBase64Secret(authorization.substr(kScheme.size()));
    if (!decoded) return std::nullopt;
    const auto text = decoded->reveal();
    const auto colon = text.find(':');
    if (colon == text.npos) return std::nullopt;
    return Login{std::string(text.substr(0, colon)), Secret(text.substr(colon + 1))};
  }
};

BasicAuth::BasicAuth(Users users, Matches matches)
    : users_(std::move(users)), matches_(std::move(matches)), key_() {
  assert(!users_.empty());
  // A lock without random keys is worthless. The call cannot fail after the process has started.
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) std::abort();
  for (const auto& [name, hash] : users_) by_name_[digestOf(name, "")] = {hash.reveal(), {}};
  wrong_.reserve(kWrongRemembered);
}

// The length of the name distinguishes "a" with "bc" from "ab" with "c".
BasicAuth::Digest BasicAuth::digestOf(std::string_view name, std::string_view password) const {
  Secret text;
  text.append(std::to_string(name.size()) + ':');
  text.append(name);
  text.append(password);
  Digest digest{};
  const auto bytes = text.reveal();
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), nullptr);
  return digest;
}

// For an unknown name: the hash of some user, always the same one. One hash for all unknown names
// would reveal by its time the users whose hashes have another cost.
std::string_view BasicAuth::hashFor(const User* user, const Digest& name) const {
  if (user != nullptr) return user->hash;
  const std::size_t number = name[0] | static_cast<unsigned>(name[1]) << 8U;
  return std::next(by_name_.begin(), static_cast<std::ptrdiff_t>(number % by_name_.size()))
      ->second.hash;
}

std::optional<BasicAuth::AuthResult> BasicAuth::remembered(const User* user,
                                                           const Digest& login) const {
  if (user != nullptr && user->accepted == login) return AuthResult::Allowed;
  if (std::find(wrong_.begin(), wrong_.end(), login) != wrong_.end()) return AuthResult::Refused;
  return std::nullopt;
}

void BasicAuth::remember(User* user, const Digest& login, bool right) {
  if (right) {
    user->accepted = login;
  } else if (wrong_.size() < kWrongRemembered) {
    wrong_.push_back(login);
  } else {
    wrong_[oldest_wrong_] = login;
    oldest_wrong_ = (oldest_wrong_ + 1) % wrong_.size();
  }
}

bool BasicAuth::settled(std::string_view authorization) const {
  const auto given = Login::of(authorization);
  if (!given) return true;
  const auto found = by_name_.find(digestOf(given->name, ""));
  const MutexLock lock(mutex_);
  return remembered(found == by_name_.end() ? nullptr : &found->second,
                    digestOf(given->name, given->password.reveal()))
      .has_value();
}

BasicAuth::AuthResult BasicAuth::verify(std::string_view authorization) {
  const auto given = Login::of(authorization);
  if (!given) return AuthResult::Refused;
  const Digest name = digestOf(given->name, "");
  const Digest login = digestOf(given->name, given->password.reveal());
  const auto found = by_name_.find(name);
  User* const user = found == by_name_.end() ? nullptr : &found->second;

  MutexLock lock(mutex_);
  if (const auto answer = remembered(user, login)) return *answer;
  if (computing_) {
    if (waiting_ == kMostWaiting) return AuthResult::Busy;
    ++waiting_;
    turn_.wait(lock.native(), [&]() REQUIRES(mutex_) { return !computing_; });
    --waiting_;
    // The request before this one may have brought the same password.
    if (const auto answer = remembered(user, login)) {
      turn_.notify_one();
      return *answer;
    }
  }
  computing_ = true;
  lock.unlock();
  const bool matches = matches_(given->password.reveal(), hashFor(user, name));
  const bool right = user != nullptr && matches;
  lock.lock();
  computing_ = false;
  remember(user, login, right);
  turn_.notify_one();
  return right ? AuthResult::Allowed : AuthResult::Refused;
}

}  // namespace postern::web
