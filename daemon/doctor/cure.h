#pragma once

#include <string>

#include "base/result.h"
#include "config/target.h"
#include "doctor/report.h"

namespace postern::doctor {

// Where the target's credential comes from: "folder /credentials"; never what it is.
std::string placeOf(const config::Credentials& credentials);

// A failed step: what went wrong, and what mends it. Errors of files, names and TLS end with
// their own cure ("no such file: mount it"); the other faults have one each.
Step failedStep(std::string name, const Error& error, const config::Target& target);
// The cure alone.
std::string cureOf(const Error& error, const config::Target& target);

}  // namespace postern::doctor
