#pragma once

#include <optional>
#include <vector>

#include "config/config.h"
#include "http/server.h"

namespace postern::app {

// Where we listen.
struct Doors {
  std::vector<http::Listening> public_ones;  // --web.listen-address
  std::vector<http::Listening> for_probes;   // --web.health-address
};

// Nothing after a line in the log that says why an address cannot be had.
std::optional<Doors> openDoors(const config::Options& options);

// What the flags say of the front.
http::Server::Options frontOptions(const config::Options& options);
// Connections cost descriptors: as many as the system allows.
void raiseDescriptorLimit(std::size_t connections);

}  // namespace postern::app
