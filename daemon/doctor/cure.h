#pragma once

#include <string>

#include "base/result.h"
#include "config/target.h"
#include "doctor/report.h"

namespace postern::doctor {

// Where the target's credential comes from: "folder /credentials"; never what it is.
std::string placeOf(const config::Credentials& credentials);

// A failed step: what went wrong, and what mends it: the error's own remedy, else the one that its
// fault has.
Step failedStep(std::string name, const Error& error, const config::Target& target);
// The cure alone.
std::string cureOf(const Error& error, const config::Target& target);

}  // namespace postern::doctor
