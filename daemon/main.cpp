#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "app/run.h"
#include "base/detached_thread.h"

namespace {

// Whether all output of a command is written: a full disk shows only when the buffer is flushed.
bool flushOutput() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return true;
  std::fprintf(stderr, "standard output: cannot be written: %s, what was printed is not complete\n",
               errno == 0 ? "an earlier write failed" : std::strerror(errno));
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    environment.emplace_back(*variable);
  int code = postern::app::run({argv + 1, argv + argc}, environment);
  if (!flushOutput() && code == 0) code = 1;
  postern::exitNow(code);
}
