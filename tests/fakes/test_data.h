#pragma once

#include <filesystem>

namespace postern::testing {

// The absolute path of tests/data in the source tree. One object file knows it: if every test were
// compiled with the path, a compiler cache would miss in each clone.
std::filesystem::path dataFolder();

}  // namespace postern::testing
