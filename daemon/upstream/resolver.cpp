#include "upstream/resolver.h"

#include <fmt/core.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "async/event.h"
#include "async/inbox.h"
#include "async/loop.h"
#include "base/detached_thread.h"
#include "base/host_port.h"
#include "base/mutex.h"

namespace postern::upstream {
namespace {

struct LookupResult {
  int code = 0;  // result of getaddrinfo(3)
  std::vector<ResolvedAddress> addresses;
};

LookupResult lookUp(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  LookupResult answer;
  answer.code = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (answer.code != 0) return answer;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    ResolvedAddress address{};
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
    answer.addresses.push_back(address);
  }
  freeaddrinfo(list);
  return answer;
}

std::vector<ResolvedAddress> withPort(std::vector<ResolvedAddress> addresses, std::uint16_t port) {
  for (ResolvedAddress& address : addresses) {
    if (address.storage.ss_family == AF_INET6) {
      reinterpret_cast<sockaddr_in6&>(address.storage).sin6_port = htons(port);
    } else {
      reinterpret_cast<sockaddr_in&>(address.storage).sin_port = htons(port);
    }
  }
  return addresses;
}

// The text for an EAI_* code of getaddrinfo.
std::string lookupWords(int code) {
  switch (code) {
    case EAI_NONAME: return "the name service does not know the name";
    case EAI_NODATA: return "the name has no IPv4 or IPv6 address";
    case EAI_AGAIN: return "the name service cannot be reached, or fails for now";
    case EAI_FAIL: return "the name service refuses the query";
    case EAI_MEMORY: return "not enough memory for the lookup";
    default: return fmt::format("the lookup failed ({})", gai_strerror(code));
  }
}

bool isLocalhost(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return std::equal(host.begin(), host.end(), std::begin("localhost"), std::end("localhost") - 1,
                    [](char a, char b) { return (a | 0x20) == b; });
}

// The addresses of a host that needs no lookup, else empty.
std::vector<ResolvedAddress> knownAddresses(const std::string& host) {
  if (!isLocalhost(host)) return lookUp(host, AI_NUMERICHOST).addresses;
  auto addresses = lookUp("127.0.0.1", AI_NUMERICHOST).addresses;
  for (const ResolvedAddress& address : lookUp("::1", AI_NUMERICHOST).addresses) {
    addresses.push_back(address);
  }
  return addresses;
}

Error noAddress(const std::string& host, const std::string& why) {
  return withRemedy(Fault::Resolve, fmt::format("no address for {}: {}", host, why),
                    "check the host in the url");
}

}  // namespace

std::string ResolvedAddress::text() const {
  char host[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
    return joinHostPort(host, ntohs(v6.sin6_port));
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
  inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
  return joinHostPort(host, ntohs(v4.sin_port));
}

// Shared by the loops of the waiting tasks and the threads of the lookups.
struct Resolver::Lookups {
  // A waiting task. The event belongs to its loop; only that loop uses it.
  struct Waiter {
    std::shared_ptr<async::Inbox> inbox;
    async::Event done;
  };
  struct Lookup {
    LookupResult answer;                         // written once, before the waiters are called
    std::vector<std::weak_ptr<Waiter>> waiters;  // expired: the task has left
  };
  // Runs on the lookup's thread.
  static void run(const std::shared_ptr<Lookups>& self, const std::shared_ptr<Lookup>& lookup,
                  const std::string& host);
  // Starts the only lookup of a name, or joins it. Null when no thread is available.
  static std::shared_ptr<Lookup> join(const std::shared_ptr<Lookups>& self, const std::string& host,
                                      const std::shared_ptr<Waiter>& waiter);

  Mutex mutex;
  // by name
  std::map<std::string, std::shared_ptr<Lookup>> running GUARDED_BY(mutex);
};

void Resolver::Lookups::run(const std::shared_ptr<Lookups>& self,
                            const std::shared_ptr<Lookup>& lookup, const std::string& host) {
  LookupResult answer = lookUp(host, 0);
  const MutexLock lock(self->mutex);
  lookup->answer = std::move(answer);
  self->running.erase(host);
  for (const auto& waiting : lookup->waiters) {
    if (auto waiter = waiting.lock()) {
      auto& inbox = *waiter->inbox;
      inbox.post([waiter = std::move(waiter)] { waiter->done.set(); });
    }
  }
}

std::shared_ptr<Resolver::Lookups::Lookup> Resolver::Lookups::join(
    const std::shared_ptr<Lookups>& self, const std::string& host,
    const std::shared_ptr<Waiter>& waiter) {
  const MutexLock lock(self->mutex);
  auto& lookup = self->running[host];
  if (!lookup) {
    lookup = std::make_shared<Lookup>();
    if (!startDetachedThread([self, lookup, host] { run(self, lookup, host); })) {
      self->running.erase(host);
      return nullptr;
    }
  }
  // A lookup that hangs for hours must not collect tasks that have left.
  std::erase_if(lookup->waiters, [](const auto& former) { return former.expired(); });
  lookup->waiters.push_back(waiter);
  return lookup;
}

Resolver::Resolver() : lookups_(std::make_shared<Lookups>()) {}
Resolver::~Resolver() = default;

async::Task<Result<std::vector<ResolvedAddress>>> Resolver::resolve(std::string host,
                                                                    std::uint16_t port,
                                                                    async::Scope& scope) {
  const auto known = withPort(knownAddresses(host), port);
  if (!known.empty()) co_return known;

  const auto waiter = std::make_shared<Lookups::Waiter>();
  waiter->inbox = scope.loop().inbox();
  const auto lookup = Lookups::join(lookups_, host, waiter);
  if (!lookup) co_return noAddress(host, "no thread for the lookup: raise the limit of processes");
  const bool came = co_await waiter->done.wait(scope);
  if (!came) {
    co_return Error{Fault::Timeout,
                    fmt::format("the name service did not answer for {} before the deadline", host),
                    {},
                    {},
                    "fix the name service (/etc/resolv.conf), or give an address in the url"};
  }
  const LookupResult& answer = lookup->answer;  // nobody writes to it any longer
  if (answer.code != 0) co_return noAddress(host, lookupWords(answer.code));
  if (answer.addresses.empty()) co_return noAddress(host, "the name has no IPv4 or IPv6 address");
  co_return withPort(answer.addresses, port);
}

}  // namespace postern::upstream
