#pragma once

#include <vector>

#include "config/target.h"
#include "doctor/report.h"

namespace postern::doctor {

// A step for each file that the target names: whether it is there, who may read it, whether that
// is too many. A missing one names the mount that it should be on. Reads no file.
std::vector<Step> examineFiles(const config::Target& target);

}  // namespace postern::doctor
