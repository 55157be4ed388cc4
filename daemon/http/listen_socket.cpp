#include "http/listen_socket.h"

#include <fmt/core.h>

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>

#include "base/host_port.h"

namespace postern::http {
namespace {

using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;

// Connections that the kernel has accepted and the server has not.
constexpr int kBacklog = 1024;

struct ListenAddress {
  std::string host;  // empty: every address
  Poco::UInt16 port = 0;
};

std::optional<ListenAddress> parseListenAddress(std::string_view address) {
  const auto parts = splitHostPort(address);
  if (!parts || !parts->port || (parts->bracketed && parts->host.empty())) return std::nullopt;
  ListenAddress place{std::string(parts->host)};
  const char* const end = parts->port->data() + parts->port->size();
  const auto [rest, failure] = std::from_chars(parts->port->data(), end, place.port);
  if (failure != std::errc() || rest != end) return std::nullopt;
  return place;
}

Error cannotListen(const std::string& address, const std::string& why) {
  return {
      Fault::Connect,
      fmt::format("cannot listen on {}: {}; choose one with --web.listen-address", address, why),
      "postern serves nothing there", std::nullopt};
}

std::string reasonOf(const Poco::Exception& exception) {
  switch (exception.code()) {
    case EADDRINUSE: return "address already in use: another process has the port";
    case EADDRNOTAVAIL: return "this machine has no such address";
    case EACCES: return "permission denied: a port below 1024 needs CAP_NET_BIND_SERVICE";
    case 0: return "the host has no address: name an address of this machine, or none for all";
    case EINVAL:
      return "this machine cannot listen there: a link-local address needs its interface";
    default: return std::generic_category().message(exception.code());
  }
}

ServerSocket bound(const SocketAddress& address) {
  ServerSocket socket;
  // Poco couples the reuse of the port with that of the address by default. It would let two
  // processes share a port silently.
  if (address.family() == Poco::Net::AddressFamily::IPv6) {
    socket.bind6(address, true, false, false);
  } else {
    socket.bind(address, true, false);
  }
  socket.listen(kBacklog);
  return socket;
}

ServerSocket boundEverywhere(Poco::UInt16 port) {
  try {
    return bound(SocketAddress("::", port));
  } catch (const Poco::Exception& exception) {
    if (exception.code() != EAFNOSUPPORT) throw;
    return bound(SocketAddress("0.0.0.0", port));
  }
}

}  // namespace

Result<ServerSocket> listenOn(const std::string& address) {
  const auto place = parseListenAddress(address);
  if (!place) return cannotListen(address, "expected host:port, [IPv6 address]:port or :port");
  try {
    if (place->host.empty()) return boundEverywhere(place->port);
    return bound(SocketAddress(place->host, place->port));
  } catch (const Poco::Exception& exception) {
    return cannotListen(address, reasonOf(exception));
  }
}

}  // namespace postern::http
