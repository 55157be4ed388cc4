#pragma once

#include <string>
#include <vector>

namespace postern::app {

// Runs the command and returns the exit code: 0; 1 if it could not listen, or the check found
// invalid files; 2 for mistakes in flags, environment or configuration, or without a required
// sandbox.
int run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment);

}  // namespace postern::app
