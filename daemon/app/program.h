#pragma once

#include <Poco/Util/ServerApplication.h>
#include <Poco/Util/Subsystem.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::app {

class Program;

// A part of a daemon, such as its targets or a listener. All calls come from the main thread.
class Part : public Poco::Util::Subsystem {
 public:
  // `program` must outlive the part.
  explicit Part(Program& program) : program_(program) {}

 protected:
  // Starts the part, after all parts that were added before it. Returns the exit code if the daemon
  // cannot run; then no other part starts.
  virtual std::optional<int> start() = 0;
  // SIGHUP.
  virtual void reload() {}
  // Once a second while the daemon runs, after reload() if that is due.
  virtual void poll() {}
  // The number of scrapes that have ended since the start; MemoryTrim waits for a pause.
  virtual std::uint64_t scrapes() const { return 0; }
  // Stops the part. Called only after start(), while all parts that were added before it still run.
  // Returns false if something hangs.
  virtual bool stop() { return true; }

 private:
  friend class Program;
  // An exception ends the process: a daemon must not run without one of its parts.
  void initialize(Poco::Util::Application& application) noexcept final;
  void reinitialize(Poco::Util::Application& application) noexcept final;
  void uninitialize() noexcept final;

  Program& program_;
  bool started_ = false;
};

// Saves the handlers of SIGSEGV, SIGBUS, SIGILL and SIGSYS, to restore them after a library changed
// them.
class FaultHandlers {
 public:
  FaultHandlers();  // saves
  void restore() const;

 private:
  static constexpr std::array<int, 4> kSignals = {SIGSEGV, SIGBUS, SIGILL, SIGSYS};
  std::array<struct sigaction, kSignals.size()> actions_{};
};

// Runs a daemon: starts its parts in order, runs until SIGTERM or SIGINT, reloads the parts in
// order on SIGHUP, polls them once a second, and stops them in reverse order.
//
// Poco's application only provides the subsystems. Its init() is never called: config reads the
// command line (Poco's options accept abbreviations, and --daemon, --umask and --pidfile), base
// configures the log, and this class handles the signals. At most one object at a time.
class Program final : FaultHandlers, public Poco::Util::ServerApplication {
 public:
  // `name` is the daemon's name in the log.
  explicit Program(std::string name);
  // Frees the parts in reverse order.
  ~Program() override;

  // Constructs a P from the program and `arguments`. It lives as long as the program.
  template <typename P, typename... Arguments>
  P& add(Arguments&&... arguments) {
    auto* part = new P(*this, std::forward<Arguments>(arguments)...);
    addSubsystem(part);
    return *part;
  }

  // Blocks SIGTERM, SIGINT and SIGHUP in this thread and all threads of the parts. Returns the exit
  // code: 0 after SIGTERM or SIGINT, otherwise that of the part that could not start. If a part
  // hangs while it stops, ends the process at once instead.
  int run() override;

 private:
  friend class Part;
  const char* name() const override { return name_.c_str(); }
  int main(const std::vector<std::string>& arguments) override;
  void poll();
  std::uint64_t scrapes();

  const std::string name_;
  sigset_t signals_{};
  std::optional<int> failed_;  // the exit code of the part that could not start
  bool hangs_ = false;
};

}  // namespace postern::app
