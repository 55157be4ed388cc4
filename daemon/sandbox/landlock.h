#pragma once

#include <filesystem>
#include <vector>

#include "sandbox/lock.h"

namespace postern::sandbox {

// From now on the calling thread, and each that it starts, opens nothing but `readable` and
// `writable`: files, or folders with all that is below them (landlock(7)). In `writable` it may
// also make, rename and remove files. Descriptors that are open already stay so.
//
// What does not exist is left out. A rule is for what stands there now: a folder that is removed
// and made anew is another one. Requires that no_new_privs is set.
Lock lockFiles(const std::vector<std::filesystem::path>& readable,
               const std::vector<std::filesystem::path>& writable);

}  // namespace postern::sandbox
