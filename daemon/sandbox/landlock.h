#pragma once

#include <filesystem>
#include <vector>

#include "sandbox/layer.h"

namespace postern::sandbox {

// From now on the calling thread, and each thread that it starts, can open only `readable` and
// `writable`: files, or folders with everything below them (landlock(7)). In `writable` it can also
// create, rename and remove files. Open descriptors stay open.
//
// Ignores paths that do not exist. A rule applies to the existing folder: a folder that is removed
// and created again is another one. Requires that no_new_privs is set.
Layer restrictFiles(const std::vector<std::filesystem::path>& readable,
                    const std::vector<std::filesystem::path>& writable);

}  // namespace postern::sandbox
