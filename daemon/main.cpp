#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "app/run.h"

int main(int argc, char** argv) {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    environment.emplace_back(*variable);
  const int code = postern::app::run({argv + 1, argv + argc}, environment);
  // Not exit(3): a database or a name service that hangs may still have its thread, and that would
  // find the libraries that it is in torn down.
  std::fflush(nullptr);
  std::_Exit(code);
}
