#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>

#include "base/log.h"
#include "fakes/certificates.h"

// Each test has its own process, because a process cannot leave its sandbox.
namespace postern::testing {

inline std::string errnoName() {
  return strerrorname_np(errno);
}

// Makes a system call fail in this process, as on a kernel without it; only with this first
// argument, if set.
inline void hide(const char* call, int error, int argument = -1) {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  const scmp_arg_cmp first{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(argument), 0};
  seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(static_cast<unsigned>(error)),
                         seccomp_syscall_resolve_name(call), argument < 0 ? 0 : 1, &first);
  seccomp_load(filter);
  seccomp_release(filter);
}

struct Said {
  std::string said;  // what the function returned
  std::string log;   // its standard error
};

// Runs `body` in a child process with its own folder; fails if the child does not exit by itself.
inline Said confined(const std::function<std::string(const std::filesystem::path&)>& body) {
  const TemporaryFolder folder;
  const auto said_file = folder.write("said", "");
  const auto log_file = folder.write("log", "");
  const int said = open(said_file.c_str(), O_RDWR | O_CLOEXEC);
  const int errors = open(log_file.c_str(), O_RDWR | O_CLOEXEC);
  const pid_t child = fork();
  if (child == 0) {
    dup2(errors, STDERR_FILENO);
    log::configure(log::Level::Info, log::LineFormat::Logfmt);
    const std::string result = body(folder.path());
    const auto written = write(said, result.data(), result.size());
    _exit(written == static_cast<ssize_t>(result.size()) ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const auto all = [](int file) {
    std::string text(1U << 16, '\0');
    const auto count = pread(file, text.data(), text.size(), 0);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    close(file);
    return text;
  };
  Said result{all(said), all(errors)};
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << result.log;
  return result;
}

}  // namespace postern::testing
