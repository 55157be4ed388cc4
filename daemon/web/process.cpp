#include "web/process.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace postern::web {
namespace {

double bootTime() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

}  // namespace

Process readProcess() {
  Process process;
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  // The second field is the program's name in parentheses and may contain blanks: proc(5).
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return process;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  double user_ticks = 0;
  double system_ticks = 0;
  double start_ticks = 0;
  std::uint64_t resident_pages = 0;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  fields >> user_ticks >> system_ticks;
  for (int field = 16; field < 22; ++field) fields >> skipped;
  fields >> start_ticks >> skipped >> resident_pages;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  static const double boot_time = bootTime();
  process.cpu_seconds = (user_ticks + system_ticks) / ticks;
  process.resident_bytes = resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  process.start_time_seconds = boot_time + start_ticks / ticks;
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error)) {
    ++process.open_fds;
  }
  return process;
}

}  // namespace postern::web
