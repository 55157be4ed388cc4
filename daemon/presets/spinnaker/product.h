#pragma once

#include "config/format.h"

// Services of Spinnaker.
namespace postern::presets::spinnaker {

extern const config::JsonFormat kSpectatorFormat;  // spectator_json: /spectator/metrics

}  // namespace postern::presets::spinnaker
