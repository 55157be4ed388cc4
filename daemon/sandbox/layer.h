#pragma once

#include <string>

namespace postern::sandbox {

// The state of one of the two layers: seccomp or Landlock.
struct Layer {
  bool in_force = false;
  bool offered = false;       // the kernel supports it
  std::string state = "off";  // "on" if it is in force; for Landlock its version, such as "7"
  std::string why;            // why it is not in force; otherwise empty
};

}  // namespace postern::sandbox
