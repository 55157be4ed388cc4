#pragma once

#include <optional>
#include <vector>

#include "config/config.h"
#include "http/server.h"

namespace postern::app {

// The addresses where the daemon listens.
struct Listeners {
  std::vector<http::Listening> web;     // --web.listen-address
  std::vector<http::Listening> health;  // --web.health-address
};

// If an address cannot be opened, logs why and returns nothing.
std::optional<Listeners> openListeners(const config::Options& options);

// The limits and timeouts of a server, from the flags.
http::ServerOptions listenerOptions(const config::Options& options);
// Raises the limit of file descriptors to the system's maximum, and warns if `connections` may need
// more.
void raiseDescriptorLimit(std::size_t connections);

}  // namespace postern::app
