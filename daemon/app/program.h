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
  // Starts the part, after all that were added before it. Returns the exit code when the daemon
  // cannot run; then no other part starts.
  virtual std::optional<int> start() = 0;
  // SIGHUP.
  virtual void reload() {}
  // Once a second while the daemon runs, after reload() if that is due.
  virtual void poll() {}
  // How many scrapes have ended since the start; MemoryTrim waits for a pause.
  virtual std::uint64_t scrapes() const { return 0; }
  // Ends what start() began; called only after that, while all parts that were added before still
  // run. Returns false when something hangs that nobody can wait for.
  virtual bool stop() { return true; }

 private:
  friend class Program;
  // An exception ends the process: a daemon of which a part is missing must not run.
  void initialize(Poco::Util::Application& application) noexcept final;
  void reinitialize(Poco::Util::Application& application) noexcept final;
  void uninitialize() noexcept final;

  Program& program_;
  bool started_ = false;
};

// What happens on SIGSEGV, SIGBUS, SIGILL and SIGSYS, to put it back after somebody changed it.
class FaultHandlers {
 public:
  FaultHandlers();  // remembers
  void restore() const;

 private:
  static constexpr std::array<int, 4> kSignals = {SIGSEGV, SIGBUS, SIGILL, SIGSYS};
  std::array<struct sigaction, kSignals.size()> actions_{};
};

// The frame of a daemon: starts its parts in order, runs until SIGTERM or SIGINT, reloads the parts
// in order on SIGHUP, polls them once a second, and stops them in reverse order.
//
// Poco's application contributes the subsystems. Its init() is never called: config reads the
// command line (Poco's options accept abbreviations, and --daemon, --umask and --pidfile), base the
// log, and this class the signals. At most one object at a time.
class Program final : FaultHandlers, public Poco::Util::ServerApplication {
 public:
  // The log calls the daemon `name`.
  explicit Program(std::string name);
  // Frees the parts, those that were added last first.
  ~Program() override;

  // Adds a P, made of the program and `arguments`, which lives as long as the program.
  template <typename P, typename... Arguments>
  P& add(Arguments&&... arguments) {
    auto* part = new P(*this, std::forward<Arguments>(arguments)...);
    addSubsystem(part);
    return *part;
  }

  // Blocks SIGTERM, SIGINT and SIGHUP in this thread and all that the parts start. Returns the exit
  // code: 0 after SIGTERM or SIGINT, else that of the part that could not start. When a part hangs
  // while it stops, the process ends at once instead.
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
