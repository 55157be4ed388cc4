#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/secret.h"

namespace postern::web {

// Basic authentication (RFC 7617) with the rules of exporter-toolkit.
//
// bcrypt is slow on purpose, so one password is computed at a time and its result is remembered:
// the last accepted password of each user, and the last wrong ones. Wrong ones have a list of their
// own, so that guesses do not evict accepted passwords. The memory holds HMACs with a key that dies
// with this object, never a password. Comparisons take constant time. An unknown name takes as long
// as some user's password. Thread-safe.
class BasicAuth {
 public:
  using Users = std::map<std::string, Secret>;  // bcrypt hash by name
  using Matches = std::function<bool(std::string_view password, std::string_view hash)>;
  enum class AuthResult { Allowed, Refused, Busy };

  // Requests that wait for their turn; an additional one gets Busy. So unknown passwords occupy at
  // most this many threads and one more, never all of them.
  static constexpr std::size_t kMostWaiting = 4;
  static constexpr std::size_t kWrongRemembered = 100;

  // Requires a user. `matches` is matchesBcrypt except in tests.
  BasicAuth(Users users, Matches matches);

  // Verifies an Authorization header, which may be empty. Blocks until the password is computed.
  AuthResult verify(std::string_view authorization);
  // Whether verify() would answer without computing.
  bool settled(std::string_view authorization) const;
  const Users& users() const { return users_; }

 private:
  using Digest = std::array<unsigned char, 32>;
  struct User {
    std::string_view hash;           // borrowed from users_
    std::optional<Digest> accepted;  // name and password; guarded by mutex_
  };
  struct Login;

  Digest digestOf(std::string_view name, std::string_view password) const;
  std::optional<AuthResult> remembered(const User* user, const Digest& login) const
      REQUIRES(mutex_);
  void remember(User* user, const Digest& login, bool right) REQUIRES(mutex_);
  std::string_view hashFor(const User* user, const Digest& name) const;

  const Users users_;
  const Matches matches_;
  Digest key_;
  std::map<Digest, User> by_name_;  // by the digest of the name with an empty password

  mutable Mutex mutex_;
  std::condition_variable turn_;
  bool computing_ GUARDED_BY(mutex_) = false;
  std::size_t waiting_ GUARDED_BY(mutex_) = 0;
  std::vector<Digest> wrong_ GUARDED_BY(mutex_);
  // The next entry to be replaced when the list is full.
  std::size_t oldest_wrong_ GUARDED_BY(mutex_) = 0;
};

}  // namespace postern::web
