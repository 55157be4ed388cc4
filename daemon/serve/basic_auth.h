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

namespace postern::serve {

// Who may come in by name and password (RFC 7617), as exporter-toolkit decides it.
//
// bcrypt is slow on purpose, so one password is computed at a time, and what came of it is
// remembered: the last good password of each user, and the last wrong ones in a list of its own,
// so that who guesses does not push out who knows. What is remembered is an HMAC with a key that
// dies with this object, never a password; comparisons of these tell nothing by their time.
// A name that nobody has costs what some user's password costs. Thread-safe.
class BasicAuth {
 public:
  using Users = std::map<std::string, Secret>;  // by name, the bcrypt hash
  using Matches = std::function<bool(std::string_view password, std::string_view hash)>;
  enum class Answer { Allowed, Refused, Busy };

  // Requests that wait for their turn to be computed; a further one is Busy, so that passwords
  // nobody has asked for before hold this many workers and one more, never all of them.
  static constexpr std::size_t kMostWaiting = 4;
  static constexpr std::size_t kWrongRemembered = 100;

  // Requires a user. `matches` is matchesBcrypt, but for tests.
  BasicAuth(Users users, Matches matches);

  // Of a request's Authorization, which may be empty. Waits until the password has been computed.
  Answer judge(std::string_view authorization);
  // Whether judge() would answer such a one without computing.
  bool settled(std::string_view authorization) const;
  const Users& users() const { return users_; }

 private:
  using Digest = std::array<unsigned char, 32>;
  struct User {
    std::string_view hash;           // of users_
    std::optional<Digest> accepted;  // name and password; guarded by mutex_
  };
  struct Login;

  Digest digestOf(std::string_view name, std::string_view password) const;
  std::optional<Answer> remembered(const User* user, const Digest& login) const REQUIRES(mutex_);
  void remember(User* user, const Digest& login, bool right) REQUIRES(mutex_);
  std::string_view hashFor(const User* user, const Digest& name) const;

  const Users users_;
  const Matches matches_;
  Digest key_;
  std::map<Digest, User> by_name_;  // the digest of the name and an empty password

  mutable Mutex mutex_;
  std::condition_variable turn_;
  bool computing_ GUARDED_BY(mutex_) = false;
  std::size_t waiting_ GUARDED_BY(mutex_) = 0;
  std::vector<Digest> wrong_ GUARDED_BY(mutex_);
  // The next one to be replaced when the list is full.
  std::size_t oldest_wrong_ GUARDED_BY(mutex_) = 0;
};

}  // namespace postern::serve
