#pragma once

#include "base/clock.h"
#include "config/target.h"
#include "credentials/source.h"
#include "doctor/report.h"

namespace postern::doctor {

// What the source gives, without a word of it: where it comes from and of which kind it is.
Step credentialStep(const config::Target& target, const Result<credentials::Credential>& loaded);
// A credential from mounted files or the configuration; talks to nobody.
Step examineMounted(const config::Target& target);

}  // namespace postern::doctor
