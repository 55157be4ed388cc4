#pragma once

#include <string>

#include "base/result.h"
#include "check/report.h"
#include "config/target.h"

namespace postern::check {

// The place of the target's credential, such as "folder /credentials"; never its value.
std::string placeOf(const config::Credentials& credentials);

// A failed step: the problem and the remedy. The remedy is the error's own, else that of its fault.
Step failedStep(std::string name, const Error& error, const config::Target& target);
// Only the remedy.
std::string remedyOf(const Error& error, const config::Target& target);

}  // namespace postern::check
