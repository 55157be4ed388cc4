#pragma once

#include <filesystem>

namespace postern::testing {

// The absolute path of tests/data in the source tree. It is compiled into one object file: as a
// flag of every test it would defeat a compiler cache in each clone.
std::filesystem::path dataFolder();

}  // namespace postern::testing
