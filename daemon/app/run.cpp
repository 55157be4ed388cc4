#include "app/run.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>

#include "app/check.h"
#include "app/rules.h"
#include "app/serve.h"
#include "base/version.h"
#include "config/config.h"

namespace postern::app {
namespace {

constexpr int kBadUsage = 2;

// A core file or a debugger would show the secrets that we hold.
void hideMemory() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

// Threads come and go with the load; an arena for each would keep what they freed. What one large
// page needs to look for series (1 MiB) stays for the next one.
void boundAllocator() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_TRIM_THRESHOLD, 1280 << 10);
  mallopt(M_MMAP_THRESHOLD, 1100 << 10);
}

void print(const std::string& text, std::FILE* to) {
  std::fwrite(text.data(), 1, text.size(), to);
}

int complain(const std::vector<config::Complaint>& complaints) {
  for (const auto& complaint : complaints) print(complaint.text() + "\n", stderr);
  return kBadUsage;
}

}  // namespace

int run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  hideMemory();
  boundAllocator();
  const auto command_line = config::parseCommandLine(arguments, environment);
  if (!command_line.complaints.empty()) return complain(command_line.complaints);
  switch (command_line.ask) {
    case config::Ask::Help: print(config::helpText(), stdout); return 0;
    case config::Ask::Version:
      print("postern " + std::string(version()) + " (revision " + std::string(revision()) + ")\n",
            stdout);
      return 0;
    case config::Ask::Run:
    case config::Ask::Rules: break;
  }
  log::configure(command_line.options.log_level, command_line.options.log_format);
  for (const auto& warning : command_line.warnings) log::warn(warning);
  const auto loaded = config::load(command_line);
  if (!loaded.complaints.empty()) return complain(loaded.complaints);
  if (command_line.ask == config::Ask::Rules) return rules(command_line, loaded.config);
  if (command_line.options.check) return check(loaded.config);
  return serve(command_line, loaded.config);
}

}  // namespace postern::app
