#include "app/doors.h"

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

std::optional<Doors> openDoors(const config::Options& options) {
  Doors doors;
  if (!open(options.listen_addresses, "listening", doors.public_ones) ||
      !open(options.health_addresses, "listening for probes", doors.for_probes)) {
    return std::nullopt;
  }
  return doors;
}

http::Server::Options frontOptions(const config::Options& options) {
  http::Server::Options front;
  front.max_connections = options.max_connections;
  front.max_per_address = options.max_connections_per_address;
  front.header_timeout = options.header_timeout;
  front.idle_timeout = options.idle_timeout;
  front.write_timeout = options.write_timeout;
  return front;
}

void raiseDescriptorLimit(std::size_t connections) {
  constexpr std::size_t kOthers = 128;  // upstream connections, files, what libraries hold
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
