#pragma once

namespace postern::config {

// How a page of Spectator's JSON becomes Prometheus text.
struct Spectator {
  // The service stands in the labels spin_service and spin_variant instead of in front of each
  // name.
  bool service_label = false;
  // `_` instead of `:` for `.` and `/` in names.
  bool standard_notation = false;
  bool operator==(const Spectator&) const = default;
};

}  // namespace postern::config
