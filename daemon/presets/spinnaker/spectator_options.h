#pragma once

namespace postern::presets::spinnaker {

// How a page of Spectator JSON is converted to Prometheus text.
struct SpectatorOptions {
  // Put the service into the labels spin_service and spin_variant instead of prefixing each name
  // with it.
  bool service_label = false;
  // Replace `.` and `/` in names with `_` instead of `:`.
  bool standard_notation = false;
};

}  // namespace postern::presets::spinnaker
