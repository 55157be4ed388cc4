// postern with more pages than a configuration may have: each page is expanded to a thousand pages,
// whose paths end in -1 to -1000. Accepts the flags of postern. fan_out.py measures it.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "app/exit_code.h"
#include "app/memory_trim.h"
#include "app/serve.h"
#include "base/detached_thread.h"
#include "base/log.h"
#include "config/config.h"
#include "presets/registry.h"

namespace {

constexpr int kPages = 1000;

void multiplyPages(postern::config::Target& target) {
  const auto few = std::exchange(target.pages, {});
  for (const auto& page : few) {
    for (int number = 1; number <= kPages; ++number)
      target.pages.emplace_back(page).path += "-" + std::to_string(number);
  }
}

int run(const std::vector<std::string>& arguments) {
  postern::app::boundAllocator();
  const auto command_line =
      postern::config::parseCommandLine(postern::presets::products(), arguments, {});
  auto loaded = postern::config::load(command_line);
  for (const auto& error : loaded.errors) std::fprintf(stderr, "%s\n", error.text().c_str());
  if (!command_line.errors.empty() || !loaded.errors.empty()) return postern::app::kBadUsage;
  for (auto& target : loaded.config.targets) multiplyPages(target);
  return postern::app::serve(command_line, std::move(loaded.config));
}

}  // namespace

int main(int count, char** arguments) {
  postern::exitNow(run({arguments + 1, arguments + count}));
}
