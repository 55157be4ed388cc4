// For LD_PRELOAD: makes calls on one file fail or hang, like a broken volume or one whose server
// does not answer. $POSTERN_FAILING_FILES names a control file, which may change at any time. It
// contains a fault (`EIO`, `EISDIR`, `ENOSPC`, `stall`), a space, and a path prefix. EIO and EISDIR
// make reads fail, ENOSPC writes, and `stall` delays each call on the file by ten seconds. With an
// empty control file nothing fails.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr int kStall = 10'000;  // ms
constexpr std::size_t kDescriptors = 4096;

std::array<std::atomic<bool>, kDescriptors> concerned{};  // descriptors of the failing file

struct Plan {
  std::array<char, 1024> text{};
  std::string_view fault, path;
};

// Read by system calls only: the replaced functions would call this one again.
bool readPlan(Plan& plan) {
  const char* const file = std::getenv("POSTERN_FAILING_FILES");
  if (file == nullptr) return false;
  const long fd = ::syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const long size = ::syscall(SYS_read, fd, plan.text.data(), plan.text.size());
  ::syscall(SYS_close, fd);
  const std::string_view text(plan.text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return false;
  plan.fault = text.substr(0, space);
  plan.path = text.substr(space + 1);
  return true;
}

void stall(const Plan& plan) {
  if (plan.fault == "stall") ::poll(nullptr, 0, kStall);
}

bool concerns(const char* path, Plan& plan) {
  return path != nullptr && readPlan(plan) && std::string_view(path).starts_with(plan.path);
}

bool isConcerned(int fd) {
  return fd >= 0 && static_cast<std::size_t>(fd) < kDescriptors &&
         concerned[static_cast<std::size_t>(fd)];
}

void note(int fd, bool on) {
  if (fd >= 0 && static_cast<std::size_t>(fd) < kDescriptors)
    concerned[static_cast<std::size_t>(fd)] = on;
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

int openAs(const char* name, const char* path, int flags, mode_t mode) {
  Plan plan;
  const bool concerned_now = concerns(path, plan);
  if (concerned_now) stall(plan);
  const int fd = next<int (*)(const char*, int, mode_t)>(name)(path, flags, mode);
  note(fd, concerned_now);
  return fd;
}

mode_t modeOf(int flags, va_list& arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = modeOf(flags, arguments);
  va_end(arguments);
  return openAs("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = modeOf(flags, arguments);
  va_end(arguments);
  return openAs("open64", path, flags, mode);
}

ssize_t read(int fd, void* to, std::size_t size) {
  Plan plan;
  if (isConcerned(fd) && readPlan(plan)) {
    stall(plan);
    errno = plan.fault == "EIO" ? EIO : plan.fault == "EISDIR" ? EISDIR : 0;
    if (errno != 0) return -1;
  }
  return next<ssize_t (*)(int, void*, std::size_t)>("read")(fd, to, size);
}

ssize_t write(int fd, const void* from, std::size_t size) {
  Plan plan;
  if (isConcerned(fd) && readPlan(plan)) {
    stall(plan);
    errno = plan.fault == "ENOSPC" ? ENOSPC : plan.fault == "EIO" ? EIO : 0;
    if (errno != 0) return -1;
  }
  return next<ssize_t (*)(int, const void*, std::size_t)>("write")(fd, from, size);
}

int close(int fd) {
  note(fd, false);
  return next<int (*)(int)>("close")(fd);
}

int rename(const char* from, const char* to) {
  Plan plan;
  if (concerns(to, plan)) {
    stall(plan);
    if (plan.fault == "EIO") {
      errno = EIO;
      return -1;
    }
  }
  return next<int (*)(const char*, const char*)>("rename")(from, to);
}

int stat(const char* path, struct stat* status) {
  Plan plan;
  if (concerns(path, plan)) {
    stall(plan);
    if (plan.fault == "EIO") {
      errno = EIO;
      return -1;
    }
  }
  return next<int (*)(const char*, struct stat*)>("stat")(path, status);
}

}  // extern "C"
