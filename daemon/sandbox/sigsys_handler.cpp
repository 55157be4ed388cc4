#include "sandbox/sigsys_handler.h"

#include <seccomp.h>
#include <ucontext.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include "base/log.h"

namespace postern::sandbox {
namespace {

constexpr std::size_t kMostNumbers = 512;  // those of Linux 6.18 end at 469
constexpr std::int64_t kSecondsBetweenLines = 60;
constexpr int kBySeccomp = 1;  // si_code; the C library's headers do not name it

// The data for the signal handler, prepared before.
struct RefusedCall {
  std::array<char, 24> name{};                // truncated to fit, zero-terminated
  std::atomic<std::int64_t> next_line_at{0};  // CLOCK_MONOTONIC, seconds
};
std::array<RefusedCall, kMostNumbers> calls;
std::uint32_t native_arch = 0;
std::atomic<std::uint64_t> refused = 0;
static_assert(decltype(refused)::is_always_lock_free);

void nameCalls() {
  native_arch = seccomp_arch_native();
  for (std::size_t number = 0; number < calls.size(); ++number) {
    char* const name = seccomp_syscall_resolve_num_arch(native_arch, static_cast<int>(number));
    if (name == nullptr) continue;
    auto& into = calls[number].name;
    std::strncpy(into.data(), name, into.size() - 1);
    std::free(name);
  }
}

void setResult(ucontext_t& context, int result) {
#if defined(__x86_64__)
  context.uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
  context.uc_mcontext.regs[0] = static_cast<unsigned long long>(result);
#else
#error "define here where this processor keeps the result of a system call"
#endif
}

// Whether this line is due. Of concurrent ones exactly one is.
bool lineIsDue(RefusedCall& call) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  auto due = call.next_line_at.load();
  return now.tv_sec >= due &&
         call.next_line_at.compare_exchange_strong(due, now.tv_sec + kSecondsBetweenLines);
}

void logRefusal(int number, std::uint32_t arch) {
  const auto index = static_cast<std::size_t>(number);
  const bool known = arch == native_arch && number >= 0 && index < calls.size();
  // Unknown numbers share the entry of number 511, which no system call has yet.
  RefusedCall& call = calls[known ? index : calls.size() - 1];
  if (!lineIsDue(call)) return;
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  const std::string_view unnamed(digits.data(), static_cast<std::size_t>(end - digits.data()));
  const bool named = known && call.name[0] != '\0';
  log::warnInSignal("the sandbox refused a system call", "call",
                    named ? std::string_view(call.name.data()) : unnamed);
}

// Runs instead of the call, on the calling thread: must neither allocate nor lock.
void refuse(int, siginfo_t* info, void* context) {
  if (info->si_code != kBySeccomp) return;  // another process has sent it
  const int error = errno;
  setResult(*static_cast<ucontext_t*>(context), -EPERM);
  refused.fetch_add(1, std::memory_order_relaxed);
  logRefusal(info->si_syscall, info->si_arch);
  errno = error;
}

}  // namespace

int handleSigsys() {
  nameCalls();
  struct sigaction action {};
  action.sa_sigaction = refuse;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  return sigaction(SIGSYS, &action, nullptr) == 0 ? 0 : errno;
}

std::uint64_t refusedCalls() {
  return refused.load(std::memory_order_relaxed);
}

}  // namespace postern::sandbox
