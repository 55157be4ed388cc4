#pragma once

#include <string>

namespace postern::sandbox {

// What became of one of the two locks.
struct Lock {
  bool in_force = false;
  bool offered = false;       // the kernel has it
  std::string state = "off";  // "on" when it is in force; of Landlock the version, "7"
  std::string why;            // it is not in force; empty when it is
};

}  // namespace postern::sandbox
