#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "doctor/front.h"
#include "doctor/report.h"
#include "doctor/told.h"
#include "doctor/verdicts.h"

namespace postern::doctor {

// The daemon that runs beside us, asked for its state at --web.health-address, else at
// --web.listen-address. Not thread-safe.
class Daemon {
 public:
  enum class Kind {
    None,          // nobody listens
    Serves,        // this very configuration
    ServesOther,   // another one
    CannotBeAsked  // somebody listens and does not tell: perhaps it waits, so nobody may log in
  };

  // Asks. `options` and `network` must outlive it.
  Daemon(const config::Options& options, const std::string& fingerprint, Network& network);

  Kind kind() const { return kind_; }
  // What was found, for people.
  Step step() const;
  const std::string& where() const { return where_; }  // the address that answered, or was asked

  // What it told of the target of that name when it was last asked; none when it has no such.
  std::optional<Told> target(const std::string& name) const;
  // Of a target that may be the same as ours: with that name, or at that url.
  std::optional<Told> likeness(const config::Target& target) const;
  // Asks anew; when it is gone what it told before stays.
  void ask();

  // What it answers to a scraper, as far as its listener lets us see that.
  Got scrape(const config::Target& target);

 private:
  bool askAt(const std::string& address, const std::string& prefix);

  const config::Options& options_;
  const std::string fingerprint_;
  Network& network_;
  Kind kind_ = Kind::None;
  std::string where_;
  std::string why_;  // it cannot be asked
  std::unique_ptr<Front> front_;
  std::string prefix_;  // of front_
  std::optional<Told> told_;
};

// `postern check --live`: whether the daemon answers its liveness probe. What it prints is one
// line. Returns the exit code: 0 or 1. Takes 2 seconds at most.
int live(const config::Options& options);

}  // namespace postern::doctor
