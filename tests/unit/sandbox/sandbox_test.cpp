#include "sandbox/sandbox.h"
#include "sandbox/sigsys_handler.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <thread>

#include "base/log.h"
#include "fakes/certificates.h"
#include "unit/sandbox/confined.h"

namespace postern::sandbox {
namespace {

using ::testing::AllOf;
using testing::confined;
using testing::errnoName;
using ::testing::HasSubstr;
using testing::hide;
using ::testing::Not;

// The result of open(2) for `path`.
std::string opening(const Path& path, int flags = O_RDONLY) {
  const int descriptor = open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (descriptor < 0) return errnoName();
  close(descriptor);
  return "opened";
}

std::string execution(const char* program) {
  std::string name = program;
  char* arguments[] = {name.data(), nullptr};
  char* environment[] = {nullptr};
  execve(program, arguments, environment);
  return errnoName();
}

bool hasLandlock() {
  const auto ask = [](const Path&) -> std::string {
    return Sandbox(Files{}).landlock().offered ? "yes" : "no";
  };
  return confined(ask).said == "yes";
}

// File restrictions of the sandbox are tested if the kernel has Landlock.
class SandboxFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!hasLandlock()) {
      GTEST_SKIP() << "the part about files did not run: this kernel does not offer Landlock";
    }
    std::cout << "the part about files runs: this kernel offers Landlock" << std::endl;
  }
};

TEST(SandboxTest, RefusesToExecuteAProgramAndSaysSo) {
  const auto child = confined([](const Path&) {
    const Sandbox sandbox(Files{});
    std::string said = execution("/bin/true");
    said += ' ' + execution("/does/not/exist");
    return said + ' ' + std::to_string(refusedCalls());
  });

  EXPECT_EQ(child.said, "EPERM EPERM 2");
  EXPECT_THAT(child.log,
              HasSubstr("level=warn msg=\"the sandbox refused a system call\" call=execve\n"));
  EXPECT_THAT(child.log.substr(1), Not(HasSubstr("ts=20"))) << "one line for two calls";
}

TEST(SandboxTest, RefusesToStartAProcess) {
  const auto child = confined([](const Path&) -> std::string {
    const Sandbox sandbox(Files{});
    const pid_t forked = fork();
    if (forked == 0) _exit(0);
    std::string said = errnoName();
    char* arguments[] = {nullptr};
    pid_t spawned = 0;
    said += ' ' + std::to_string(
                      posix_spawn(&spawned, "/bin/true", nullptr, nullptr, arguments, arguments));
    return said + ' ' + std::to_string(WEXITSTATUS(system("true")));
  });

  EXPECT_EQ(child.said, "EPERM 1 127");
}

TEST(SandboxTest, HoldsInEachThread) {
  const auto child = confined([](const Path&) {
    const Sandbox sandbox(Files{});
    std::string said;
    std::thread([&] { said = execution("/bin/true"); }).join();
    return said;
  });

  EXPECT_EQ(child.said, "EPERM");
  EXPECT_THAT(child.log, HasSubstr("call=execve"));
}

TEST(SandboxTest, RefusesWhatOnlyAnIntruderNeeds) {
  const auto child = confined([](const Path&) {
    const Sandbox sandbox(Files{});
    std::string said;
    const auto tried = [&](long result) { said += (result < 0 ? errnoName() : "done") + ' '; };
    tried(kill(getppid(), 0));
    tried(socket(AF_PACKET, SOCK_RAW, 0));
    tried(mprotect(nullptr, 0, PROT_EXEC));
    tried(mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                  MAP_FAILED
              ? -1
              : 0);
    tried(chmod("/nowhere", 0777));
    tried(memfd_create("program", 0));
    return said;
  });

  EXPECT_EQ(child.said, "EPERM EPERM EPERM EPERM EPERM EPERM ");
}

TEST(SandboxTest, SaysSoInJsonToo) {
  const auto child = confined([](const Path&) {
    log::configure(log::Level::Info, log::LineFormat::Json);
    const Sandbox sandbox(Files{});
    return execution("/bin/true");
  });

  EXPECT_THAT(child.log, ::testing::MatchesRegex(
                             "\\{\"ts\":\"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                             "\\.[0-9]{3}Z\",\"level\":\"warn\",\"msg\":\"the sandbox refused a "
                             "system call\",\"call\":\"execve\"\\}\n"));
}

TEST_F(SandboxFilesTest, OpensNothingButWhatIsAdmitted) {
  const auto child = confined([](const Path& folder) {
    std::filesystem::create_directories(folder / "mounted");
    std::filesystem::create_directories(folder / "state");
    for (const char* name : {"mounted/tls.crt", "mounted/renewed", "other", "state/kept"})
      std::ofstream(folder / name) << name;
    const Sandbox sandbox({{folder / "mounted" / "tls.crt"}, folder / "state"});
    std::string said = opening(folder / "mounted/tls.crt") + ' ' +
                       opening(folder / "mounted/later") + ' ' + opening(folder / "other") + ' ' +
                       opening("/usr/bin/env") + ' ' + opening("/etc/hosts") + ' ' +
                       opening("/proc/self/stat") + ' ' + opening("/proc/1/stat") + ", written: ";
    said += opening(folder / "mounted/tls.crt", O_WRONLY) + ' ' +
            opening(folder / "mounted/new", O_WRONLY | O_CREAT) + ' ' +
            opening(folder / "state/new", O_WRONLY | O_CREAT | O_TRUNC) + ' ' +
            opening(folder / "state/kept", O_WRONLY | O_TRUNC) + ' ';
    said += rename((folder / "state/new").c_str(), (folder / "state/kept").c_str()) == 0
                ? "renamed "
                : errnoName() + ' ';
    said += rename((folder / "mounted/renewed").c_str(), (folder / "mounted/tls.crt").c_str()) == 0
                ? "renamed"
                : errnoName();
    return said;
  });

  EXPECT_EQ(child.said,
            "opened ENOENT EACCES EACCES opened opened EACCES, "
            "written: EACCES EACCES opened opened renamed EACCES");
}

TEST_F(SandboxFilesTest, AdmitsWhatItOpens) {
  const auto child = confined([](const Path& folder) {
    std::filesystem::create_directories(folder / "live");
    std::filesystem::create_directories(folder / "archive");
    std::filesystem::create_directories(folder / "other");
    for (const char* name : {"archive/1.pem", "archive/2.pem", "other/file"})
      std::ofstream(folder / name) << name;
    std::filesystem::create_symlink("../archive/1.pem", folder / "live/tls.pem");
    const Sandbox sandbox({{folder / "live/tls.pem"}, {}});
    std::string said;
    for (const char* name : {"live/tls.pem", "archive/2.pem", "live/../other/file", "other/none"}) {
      const bool opened = opening(folder / name) == "opened";
      said += (sandbox.admits(folder / name) ? "admitted " : "refused ");
      said += opened ? "opened, " : "not opened, ";
    }
    return said + (sandbox.remarks().empty() ? "no remark" : sandbox.remarks().front());
  });

  EXPECT_EQ(child.said,
            "admitted opened, admitted opened, refused not opened, refused not opened, no remark");
}

TEST_F(SandboxFilesTest, TakesUpAFolderThatAppearsLater) {
  const auto child = confined([](const Path& folder) {
    const Sandbox sandbox({{folder / "late/deep/tls.crt"}, {}});
    return (sandbox.admits(folder / "late/deep/tls.crt") ? "admitted: " : "refused: ") +
           sandbox.remarks().at(0);
  });

  EXPECT_THAT(child.said, AllOf(HasSubstr("admitted: "), HasSubstr("late/deep: no such folder"),
                                HasSubstr("is readable, so that")));
}

TEST_F(SandboxFilesTest, NeverAdmitsTheRoot) {
  const auto child = confined([](const Path&) {
    const Sandbox sandbox({{"/no-such-folder/tls.crt", "/no-such-file"}, "/no-such-state"});
    std::string said = opening("/usr/bin/env") + '\n';
    for (const auto& remark : sandbox.remarks()) said += remark + '\n';
    return said;
  });

  EXPECT_EQ(child.said,
            "EACCES\n"
            "/no-such-state: no such folder: nothing is written there before a restart\n"
            "/no-such-folder/tls.crt: is missing: reading it after it appears needs a restart\n"
            "/no-such-file: is missing: reading it after it appears needs a restart\n");
}

TEST_F(SandboxFilesTest, KeepsWhatItKnowsOfItselfReadable) {
  const auto child = confined([](const Path&) {
    const Sandbox sandbox(Files{});
    return opening("/proc/self/fd", O_RDONLY | O_DIRECTORY) + ' ' + opening("/proc/stat");
  });

  EXPECT_EQ(child.said, "opened opened");
}

TEST(SandboxTest, GoesOnWithoutLandlock) {
  const auto child = confined([](const Path& folder) {
    hide("landlock_create_ruleset", ENOSYS);
    const Sandbox sandbox(Files{});
    return std::string(sandbox.whole() ? "whole " : "not whole ") + sandbox.seccomp().state + ' ' +
           sandbox.landlock().state + ' ' +
           (sandbox.admits(folder / "anything") ? "admits: " : "refuses: ") +
           sandbox.landlock().why + ", " + execution("/bin/true");
  });

  EXPECT_EQ(child.said,
            "whole on off admits: the kernel does not offer Landlock, or the container runtime "
            "hides it: Function not implemented, EPERM");
}

TEST(SandboxTest, IsNotWholeWithoutSeccomp) {
  const auto child = confined([](const Path&) {
    hide("seccomp", EINVAL);
    hide("prctl", EINVAL, PR_SET_SECCOMP);
    const Sandbox sandbox(Files{});
    return std::string(sandbox.whole() ? "whole " : "not whole ") + sandbox.seccomp().state + ' ' +
           sandbox.seccomp().why;
  });

  EXPECT_EQ(child.said,
            "not whole off the kernel does not offer seccomp, or the container runtime hides it: "
            "Invalid argument");
}

TEST(SandboxTest, RefusesNothingWithoutBeingAskedTo) {
  const Sandbox none;

  EXPECT_TRUE(none.admits("/anything"));
  EXPECT_EQ(none.seccomp().state, "off");
  EXPECT_EQ(none.landlock().state, "off");
}

}  // namespace
}  // namespace postern::sandbox
