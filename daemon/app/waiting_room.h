#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "app/doors.h"
#include "config/config.h"

namespace postern::app {

// The process that answers while the configuration is awaited. It is one of its own because the
// sandbox, which holds for good, has to know the files that the configuration names: this process
// confines itself to those of the flags and ends when they are known. It is in the sandbox too,
// holds no credential, and asks nobody. Not thread-safe; requires that no other thread runs.
class WaitingRoom {
 public:
  struct Notice {
    std::string reason;   // what is wrong, in one line
    bool locked = false;  // the web configuration is good, or there is none: everybody whom it lets
                          // in is told; else who asks at --web.health-address alone
    bool operator==(const Notice&) const = default;
  };

  // Both must outlive it.
  WaitingRoom(const config::Options& options, const Doors& doors)
      : options_(options), doors_(doors) {}
  ~WaitingRoom() { close(); }
  WaitingRoom(const WaitingRoom&) = delete;
  WaitingRoom& operator=(const WaitingRoom&) = delete;

  // Puts up another notice; connections that arrive meanwhile wait.
  void open(const Notice& notice);
  void close();
  // The exit code when it has ended by itself.
  std::optional<int> ended();

 private:
  const config::Options& options_;
  const Doors& doors_;
  pid_t process_ = -1;
};

}  // namespace postern::app
