#pragma once

#include "base/clock.h"
#include "config/target.h"
#include "credentials/source.h"
#include "check/report.h"

namespace postern::check {

// Describes the credential of the source by place and kind, without its value.
Step credentialStep(const config::Target& target, const Result<credentials::Credential>& loaded);
// A credential from mounted files or the configuration. Uses no network.
Step examineMounted(const config::Target& target);

}  // namespace postern::check
