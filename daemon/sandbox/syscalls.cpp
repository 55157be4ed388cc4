#include "sandbox/syscalls.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <system_error>

#include "sandbox/sigsys_handler.h"

namespace postern::sandbox {
namespace {

// Allowed with any arguments; skipped if the processor lacks them. Landlock restricts which files
// may be opened.
constexpr const char* kAllowed[] = {
#ifdef __SANITIZE_ADDRESS__
    "pipe2",  // the sanitizer tests with it whether memory is readable
#endif
    // memory
    "brk", "madvise", "mremap", "munmap",
    // threads
    "exit", "exit_group", "futex", "getpid", "gettid", "rseq", "sched_getaffinity", "sched_yield",
    "set_robust_list", "set_tid_address",
    // signals
    "restart_syscall", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait",
    "sigaltstack",
    // time
    "clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "time",
    // files
    "access", "close", "faccessat", "faccessat2", "fcntl", "fdatasync", "fstat", "fstatfs", "fsync",
    "ftruncate", "getcwd", "getdents64", "lseek", "lstat", "newfstatat", "open", "openat",
    "pread64", "pwrite64", "read", "readlink", "readlinkat", "readv", "rename", "renameat",
    "renameat2", "stat", "statfs", "statx", "unlink", "unlinkat", "write", "writev",
    // network
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "recvfrom", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
    // waiting
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait",
    "eventfd2", "poll", "ppoll", "pselect6", "select",
    // the process and its machine
    "getegid", "geteuid", "getgid", "getrandom", "getrlimit", "getuid", "sysinfo", "uname"};

// PR_SET_VMA: newer C libraries name their memory with it.
constexpr int kSetVma = 0x53564d41;

// The rules before they are loaded.
class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_TRAP)) {
    if (context_ == nullptr) error_ = ENOMEM;
  }
  ~Filter() {
    if (context_ != nullptr) seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void set(scmp_filter_attr attribute, std::uint32_t value) {
    if (error_ == 0) error_ = -seccomp_attr_set(context_, attribute, value);
  }
  // Of several rules for one call any one may match. Of several conditions in a rule all must
  // match.
  void allow(const char* call, std::initializer_list<scmp_arg_cmp> conditions = {}) {
    add(SCMP_ACT_ALLOW, call, conditions);
  }
  // The kernel itself answers, without a signal and without a log line.
  void answer(std::uint16_t error, const char* call,
              std::initializer_list<scmp_arg_cmp> conditions = {}) {
    add(SCMP_ACT_ERRNO(error), call, conditions);
  }
  // 0, or the errno of the first step that failed.
  int load() {
    if (error_ == 0) error_ = -seccomp_load(context_);
    return error_;
  }

 private:
  void add(std::uint32_t action, const char* call, std::initializer_list<scmp_arg_cmp> conditions) {
    const int number = seccomp_syscall_resolve_name(call);
    if (number < 0 || error_ != 0) return;  // this processor lacks the call
    error_ = -seccomp_rule_add_array(
        context_, action, number, static_cast<unsigned int>(conditions.size()), conditions.begin());
  }

  scmp_filter_ctx context_;
  int error_ = 0;
};

scmp_arg_cmp equal(unsigned int argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}

scmp_arg_cmp masked(unsigned int argument, std::uint64_t mask, std::uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

// The C library blocks all signals while it starts a thread or a process. A blocked SIGSYS for a
// refused call would end the process, so the kernel itself answers these calls.
void ruleStarts(Filter& filter) {
  filter.allow("clone", {masked(0, CLONE_THREAD, CLONE_THREAD)});
  filter.answer(EPERM, "clone", {masked(0, CLONE_THREAD, 0)});
  // Its flags are in memory, which a filter does not see. The C library then falls back to clone.
  filter.answer(ENOSYS, "clone3");
}

void ruleMemory(Filter& filter) {
  // Plugins of MariaDB and of the name service are mapped as executable, never also as writable.
  filter.allow("mmap", {masked(2, PROT_EXEC, 0)});
  filter.allow("mmap", {masked(2, PROT_WRITE, 0)});
  filter.allow("mprotect", {masked(2, PROT_EXEC, 0)});
}

void ruleSockets(Filter& filter) {
  // AF_UNIX: the name service may use such a socket.
  for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
    filter.allow("socket", {equal(0, static_cast<std::uint64_t>(family))});
  }
  // getaddrinfo reads the addresses of this machine.
  filter.allow("socket", {equal(0, AF_NETLINK), equal(2, NETLINK_ROUTE)});
  for (const unsigned long request : {FIONBIO, FIONREAD, TCGETS}) {
    filter.allow("ioctl", {equal(1, request)});
  }
}

void ruleProcess(Filter& filter) {
  const auto self = static_cast<std::uint64_t>(getpid());
  filter.allow("tgkill", {equal(0, self)});  // abort()
  for (const std::uint64_t pid : {std::uint64_t{0}, self}) {
    filter.allow("prlimit64", {equal(0, pid), equal(2, 0)});  // reads the limit, does not set it
  }
  for (const int option : {PR_SET_NAME, kSetVma}) {
    filter.allow("prctl", {equal(0, static_cast<std::uint64_t>(option))});
  }
}

}  // namespace

Layer restrictSystemCalls() {
  Filter filter;
  filter.set(SCMP_FLTATR_CTL_TSYNC, 1);
  filter.set(SCMP_FLTATR_API_SYSRAWRC, 1);
  // Calls in the numbering of another processor, which this one supports too: refused like any
  // other.
  filter.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);
  // postern runs only its own code, so it needs no costly protection against Spectre.
  filter.set(SCMP_FLTATR_CTL_SSB, 1);
  filter.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);
  for (const char* call : kAllowed) filter.allow(call);
  ruleStarts(filter);
  ruleMemory(filter);
  ruleSockets(filter);
  ruleProcess(filter);

  Layer layer;
  layer.offered = true;
  if (const int error = handleSigsys(); error != 0) {
    layer.why = "SIGSYS cannot be handled: " + std::generic_category().message(error);
    return layer;
  }
  if (const int error = filter.load(); error != 0) {
    layer.offered = false;
    layer.why = "the kernel does not offer seccomp, or the container runtime hides it: " +
                std::generic_category().message(error);
    return layer;
  }
  layer.in_force = true;
  layer.state = "on";
  return layer;
}

}  // namespace postern::sandbox
