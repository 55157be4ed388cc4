#pragma once

#include <string>
#include <vector>

namespace postern::app {

// The program: picks the command and returns the exit code: 0, 1 (could not listen, or the
// check found bad files), 2 (mistakes in flags, environment or configuration, or no
// sandbox).
int run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment);

}  // namespace postern::app
