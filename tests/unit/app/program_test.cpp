#include "app/program.h"

#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

namespace postern::app {
namespace {

// What each part of a program did, in order.
using Events = std::vector<std::string>;

// Records each call, and sends this process a signal at the call `at`.
struct Script {
  std::string name;
  std::optional<int> refuses;  // the exit code of start()
  std::string at;
  int signal = 0;
  bool hangs = false;
};

class ScriptedPart final : public Part {
 public:
  ScriptedPart(Program& program, Script script, Events& events)
      : Part(program), script_(std::move(script)), events_(events) {}
  ~ScriptedPart() override { events_.push_back(script_.name + " freed"); }
  const char* name() const override { return script_.name.c_str(); }

 private:
  std::optional<int> start() override {
    did("starts");
    return script_.refuses;
  }
  void reload() override { did("reloads"); }
  void poll() override { did("polled"); }
  bool stop() override {
    did("stops");
    return !script_.hangs;
  }
  void did(const std::string& what) {
    events_.push_back(script_.name + " " + what);
    if (what == script_.at) ::raise(script_.signal);
  }

  const Script script_;
  Events& events_;
};

class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest() { pthread_sigmask(SIG_SETMASK, nullptr, &mask_); }
  ~ProgramTest() override { pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }

  int run(std::vector<Script> scripts) {
    Program program("test");
    for (auto& script : scripts) program.add<ScriptedPart>(std::move(script), events);
    const int code = program.run();
    events.push_back("ran");
    return code;
  }

  Events events;

 private:
  sigset_t mask_{};
};

TEST_F(ProgramTest, StartsItsPartsInOrderAndStopsThemInReverse) {
  EXPECT_EQ(run({{"targets", {}, "", 0, false}, {"listener", {}, "starts", SIGTERM, false}}), 0);
  EXPECT_EQ(events, (Events{"targets starts", "listener starts", "listener stops", "targets stops",
                            "ran", "listener freed", "targets freed"}));
}

TEST_F(ProgramTest, ReloadsItsPartsInOrderAndThenPollsThem) {
  EXPECT_EQ(
      run({{"targets", {}, "starts", SIGHUP, false}, {"listener", {}, "polled", SIGINT, false}}),
      0);
  EXPECT_EQ(events,
            (Events{"targets starts", "listener starts", "targets reloads", "listener reloads",
                    "targets polled", "listener polled", "listener stops", "targets stops", "ran",
                    "listener freed", "targets freed"}));
}

TEST_F(ProgramTest, EndsWithTheCodeOfThePartThatCannotStart) {
  EXPECT_EQ(run({{"sandbox", {}, "", 0, false},
                 {"targets", 2, "", 0, false},
                 {"listener", {}, "", 0, false}}),
            2);
  EXPECT_EQ(events, (Events{"sandbox starts", "targets starts", "sandbox stops", "ran",
                            "listener freed", "targets freed", "sandbox freed"}));
}

TEST_F(ProgramTest, EndsTheProcessWhenAPartHangsWhileItStops) {
  const auto hang = [this] {
    run({{"database", {}, "starts", SIGTERM, true}});
    std::exit(3);  // not reached
  };
  EXPECT_EXIT(hang(), ::testing::ExitedWithCode(0), "test has stopped");
}

TEST_F(ProgramTest, LeavesACrashWhatItIs) {
  struct sigaction before {};
  struct sigaction after {};
  sigaction(SIGSEGV, nullptr, &before);
  const Program program("test");
  sigaction(SIGSEGV, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
}

}  // namespace
}  // namespace postern::app
