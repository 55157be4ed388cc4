#include "app/listeners.h"

#include <sys/resource.h>

#include <string>
#include <string_view>

#include "base/log.h"

namespace postern::app {
namespace {

bool open(const std::vector<std::string>& addresses, std::string_view what,
          std::vector<http::Listening>& into) {
  for (const auto& address : addresses) {
    const auto listening = http::Listening::open(address);
    if (!listening) {
      log::error(listening.error().what);
      return false;
    }
    log::info(what, {{"address", address}, {"port", listening->port()}});
    into.push_back(*listening);
  }
  return true;
}

}  // namespace

std::optional<Listeners> openListeners(const config::Options& options) {
  Listeners listeners;
  if (!open(options.listen_addresses, "listening", listeners.web) ||
      !open(options.health_addresses, "listening for probes", listeners.health)) {
    return std::nullopt;
  }
  return listeners;
}

http::ServerOptions listenerOptions(const config::Options& options) {
  http::ServerOptions server;
  server.max_connections = options.max_connections;
  server.max_per_address = options.max_connections_per_address;
  server.header_timeout = options.header_timeout;
  server.idle_timeout = options.idle_timeout;
  server.write_timeout = options.write_timeout;
  return server;
}

void raiseDescriptorLimit(std::size_t connections) {
  constexpr std::size_t kOthers = 128;  // upstream connections, files, descriptors of libraries
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < connections + kOthers) {
    log::warn("fewer file descriptors than --web.max-connections may need",
              {{"descriptors", std::size_t(limit.rlim_max)}, {"connections", connections}});
  }
}

}  // namespace postern::app
