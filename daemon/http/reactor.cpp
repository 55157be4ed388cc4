#include "http/reactor.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/relief.h"

namespace postern::http {
namespace {

constexpr std::size_t kScratch = 16U << 10;
// After so long without an event a thread that others can do without ends, and what malloc keeps
// for it goes with it.
constexpr std::chrono::milliseconds kIdle{10'000};
constexpr std::size_t kLeastThreads = 2;
// After so many events in a row for which it had not to wait the thread with the watch calls
// another. A call wakes a thread, which costs as much as an event: so seldom, by
// tests/bench/relay.py, it halves the latency of eight scrapes at a time and costs them no CPU.
constexpr int kManyAtOnce = 24;
constexpr int kAcceptAtOnce = 64;
// Refused connections that are still told so.
constexpr std::size_t kToldBusy = 64;
constexpr std::chrono::milliseconds kPause{100};  // without a free descriptor
constexpr std::chrono::seconds kBetweenComplaints{10};

bool control(int epoll, int operation, int descriptor, std::uint32_t events, Watched& about) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &about;
  return ::epoll_ctl(epoll, operation, descriptor, &event) == 0;
}

bool outOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Reactor::Reactor(const Server::Options& options)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), roster_(options) {
  shared_.options = options;
  shared_.endSlowestFlush = [this] {
    const std::lock_guard lock(mutex_);
    return roster_.endSlowestFlush(std::chrono::steady_clock::now());
  };
  shared_.options.threads = std::max(options.threads, kLeastThreads);
  control(epoll_.number(), EPOLL_CTL_ADD, alarm_.descriptor(), EPOLLIN | EPOLLET, alarm_event_);
  control(epoll_.number(), EPOLL_CTL_ADD, end_.descriptor(), EPOLLIN, end_event_);
}

Reactor::~Reactor() {
  stop(std::chrono::milliseconds(0));
}

void Reactor::listen(const Poco::Net::ServerSocket& socket, const Site& site) {
  const std::lock_guard lock(mutex_);
  auto& listener = listeners_.emplace_back(socket, site);
  listener.socket.setBlocking(false);
  control(epoll_.number(), EPOLL_CTL_ADD, listener.descriptor(), EPOLLIN | EPOLLONESHOT, listener);
  if (crew_.size() == 0) startThread();
}

bool Reactor::startThread() {
  return crew_.start([this] { work(); });
}

void Reactor::work() {
  std::array<char, kScratch> scratch;
  Watch::Hand self;
  const Relief relief([&] { watch_.handOver(self); });
  while (true) {
    switch (watch_.take(self, kIdle)) {
      case Watch::Turn::None:
        if (leave()) return;
        break;
      case Watch::Turn::Watch:
        if (!keepWatch(self, scratch)) return watch_.handOver(self);
        break;
      case Watch::Turn::Help:
        while (see(0, scratch) == Seen::Event) {
        }
        break;
    }
  }
}

// Until something holds this thread up; false when the end has come. Whoever finds events again and
// again without having to wait for them calls another thread to help.
bool Reactor::keepWatch(const Watch::Hand& self, Scratch scratch) {
  int at_once = 0;
  while (self.has()) {
    auto seen = see(0, scratch);
    if (seen == Seen::Nothing) {
      at_once = 0;
      seen = see(-1, scratch);
    } else if (++at_once == kManyAtOnce) {
      at_once = 0;
      watch_.callHelp();
    }
    if (seen == Seen::End) return false;
  }
  return true;
}

// To one event, for which it waits so many milliseconds, -1 for ever.
Reactor::Seen Reactor::see(int patience, Scratch scratch) {
  epoll_event event{};
  if (::epoll_wait(epoll_.number(), &event, 1, patience) != 1) return Seen::Nothing;
  auto* const about = static_cast<Watched*>(event.data.ptr);
  switch (about->kind) {
    case Watched::Kind::End: return Seen::End;
    case Watched::Kind::Alarm: tick(scratch); break;
    case Watched::Kind::Listener: acceptSome(static_cast<Listener&>(*about), scratch); break;
    case Watched::Kind::Connection: serve(static_cast<Entry&>(*about), scratch); break;
    case Watched::Kind::Berth: disembark(static_cast<Berths::Berth&>(*about), scratch); break;
  }
  serveWaiting(scratch);
  return Seen::Event;
}

// Whether this thread may end.
bool Reactor::leave() {
  const std::lock_guard lock(mutex_);
  return crew_.size() > waiting_threads_ + kLeastThreads && crew_.leave();
}

void Reactor::acceptSome(Listener& listener, Scratch scratch) {
  for (int i = 0; i < kAcceptAtOnce; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    Descriptor socket(::accept4(listener.descriptor(), reinterpret_cast<sockaddr*>(&peer), &size,
                                SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      if (outOfResources(errno)) return pause(listener);
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINVAL) break;
      continue;
    }
    const int on = 1;
    ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    take(std::move(socket), addressOf(peer), listener.site, scratch);
  }
  await(listener);
}

void Reactor::await(Listener& listener) const {
  control(epoll_.number(), EPOLL_CTL_MOD, listener.descriptor(), EPOLLIN | EPOLLONESHOT, listener);
}

// The connection stays in the kernel's queue and its listening socket readable: asking again at
// once would only burn time.
void Reactor::pause(Listener& listener) {
  const std::lock_guard lock(mutex_);
  listener.paused = true;
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_complaint_) {
    next_complaint_ = now + kBetweenComplaints;
    log::warn("no file descriptor is free; new connections wait",
              {{"connections", roster_.size()}});
  }
  alarm_.ringBy(now + kPause);
}

void Reactor::take(Descriptor socket, const Address& address, const Site& site, Scratch scratch) {
  Entry* entry = nullptr;
  const char* too_many = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto& options = shared_.options;
    const bool full = roster_.at(site) >= options.max_connections;
    if (full && !roster_.endLongestIdle(site)) {
      too_many = "--web.max-connections are open";
    } else if (options.max_per_address > 0 && roster_.of(address) >= options.max_per_address) {
      too_many = "--web.max-connections-per-address are open from this address";
    }
    ++accepted_;
    if (too_many != nullptr) ++busy_;
    if (shared_.stopping || roster_.at(site) >= options.max_connections + kToldBusy) return;
    entry = &roster_.add(std::move(socket), site, shared_, address);
  }
  proceed(*entry, too_many != nullptr ? entry->connection.refuseBusy(too_many) : Next::Readable,
          scratch);
}

void Reactor::serve(Entry& entry, Scratch scratch) {
  bool in_time = false;
  {
    const std::lock_guard lock(mutex_);
    in_time = roster_.hold(entry);
  }
  proceed(entry, in_time ? entry.connection.advance(scratch) : entry.connection.timeUp(), scratch);
}

void Reactor::disembark(Berths::Berth& berth, Scratch scratch) {
  Entry* entry = nullptr;
  {
    const std::lock_guard lock(mutex_);
    entry = berths_.leave(berth);
    if (entry == nullptr || !mayGoOn(*entry)) return;
  }
  proceed(*entry, answer(*entry, false, scratch), scratch);
}

// While there is something that comes next.
void Reactor::proceed(Entry& entry, std::optional<Next> next, Scratch scratch) {
  while (next) {
    if (*next == Next::Answer) {
      const bool quick = entry.connection.quick();
      {
        const std::lock_guard lock(mutex_);
        roster_.answer(entry);
        if (!quick && !mayGoOn(entry)) return;
      }
      next = answer(entry, quick, scratch);
    } else {
      next = settle(entry, *next);
    }
  }
}

// Whether a thread may answer; else the entry waits until one may.
bool Reactor::mayGoOn(Entry& entry) {
  if (reserveThread()) return true;
  roster_.wait(entry);
  alarm_.ringBy(std::min(entry.endsBy(), std::chrono::steady_clock::now() + Roster::kSlow));
  return false;
}

// One thread is always left for what needs no waiting, and one can be had for each parked answer.
bool Reactor::reserveThread() {
  const bool allowed = waiting_threads_ + berths_.taken() + 1 < shared_.options.threads;
  const bool free = allowed && (waiting_threads_ + 1 < crew_.size() || startThread());
  if (free) ++waiting_threads_;
  return free;
}

// None when the answer was parked: then the entry is no longer ours.
std::optional<Reactor::Next> Reactor::answer(Entry& entry, bool quick, Scratch scratch) {
  const auto next = entry.connection.answer(scratch, !quick);
  if (quick) return next;
  const std::lock_guard lock(mutex_);
  --waiting_threads_;
  if (next != Next::Parked) return next;
  park(entry);
  return std::nullopt;
}

void Reactor::park(Entry& entry) {
  const auto& parked = entry.connection.parked();
  const auto deadline = parked.deadline();
  auto& berth = berths_.take(entry, deadline);
  alarm_.ringBy(deadline);
  // It is known already when it belongs to a connection that is kept.
  const std::uint32_t events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
  if (!control(epoll_.number(), EPOLL_CTL_MOD, parked.descriptor(), events, berth)) {
    control(epoll_.number(), EPOLL_CTL_ADD, parked.descriptor(), events, berth);
  }
}

// Puts the connection back until its socket is ready, or ends it. Returns what comes next when
// neither was possible.
std::optional<Reactor::Next> Reactor::settle(Entry& entry, Next next) {
  if (next == Next::End) {
    remove(entry);
    return std::nullopt;
  }
  auto& connection = entry.connection;
  {
    const std::lock_guard lock(mutex_);
    const auto phase = connection.phase();
    entry.waits_to_write = next == Next::Writable;
    const bool answered = phase == Connection::Phase::Flush || phase == Connection::Phase::Linger;
    if (shared_.stopping && !answered) {
      next = Next::End;
    } else if (!roster_.rest(entry)) {
      next = connection.timeUp();
    } else {
      alarm_.ringBy(entry.endsBy());
      const std::uint32_t events = next == Next::Writable ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
      const int operation = std::exchange(entry.watched, true) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
      // From here on it belongs to whom the epoll wakes.
      control(epoll_.number(), operation, connection.descriptor(), events | EPOLLONESHOT, entry);
      return std::nullopt;
    }
  }
  return next;
}

void Reactor::remove(Entry& entry) {
  std::list<Entry> removed;  // destroyed after the lock is let go
  const std::lock_guard lock(mutex_);
  removed = roster_.remove(entry);
  if (roster_.size() == 0) gone_.notify_all();
}

void Reactor::serveWaiting(Scratch scratch) {
  while (true) {
    Entry* entry = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (!roster_.anyWaiting() || !reserveThread()) return;
      entry = roster_.nextWaiting();
    }
    proceed(*entry, answer(*entry, false, scratch), scratch);
  }
}

void Reactor::tick(Scratch scratch) {
  const auto now = std::chrono::steady_clock::now();
  while (true) {
    Entry* overdue = nullptr;
    {
      const std::lock_guard lock(mutex_);
      alarm_.rang();
      roster_.expire(now);
      if (roster_.anyWaiting()) {
        roster_.endSlowestReader();
        alarm_.ringBy(now + Roster::kSlow);
      }
      for (auto& listener : listeners_) {
        if (std::exchange(listener.paused, false)) await(listener);
      }
      overdue = roster_.overdue(now);
      if (overdue == nullptr) break;
      ++busy_;
    }
    proceed(*overdue, overdue->connection.refuseBusy("every thread is taken by another scrape"),
            scratch);
  }
  Entry* late = nullptr;
  {
    const std::lock_guard lock(mutex_);
    late = berths_.overdue(now);
    setAlarm();  // at once when there are more, for another thread
    if (late == nullptr || !mayGoOn(*late)) return;
  }
  proceed(*late, answer(*late, false, scratch), scratch);
}

void Reactor::setAlarm() {
  for (const auto next : {roster_.nextDeadline(), berths_.nextDeadline()}) {
    if (next) alarm_.ringBy(*next);
  }
}

void Reactor::stopAccepting() {
  const std::lock_guard lock(mutex_);
  for (auto& listener : listeners_)
    control(epoll_.number(), EPOLL_CTL_DEL, listener.descriptor(), 0, listener);
}

bool Reactor::stop(std::chrono::milliseconds timeout) {
  bool all_finished = false;
  {
    std::unique_lock lock(mutex_);
    shared_.stopping = true;
    // Ends the listening; the socket is closed when no thread can be at it any more.
    for (const auto& listener : listeners_) ::shutdown(listener.descriptor(), SHUT_RDWR);
    roster_.wakeAll();
    all_finished = gone_.wait_for(lock, timeout, [this] { return roster_.size() == 0; });
  }
  if (!all_finished) shared_.interrupt.raise();
  end_.raise();
  endThreads();
  removeParked();
  return all_finished;
}

void Reactor::endThreads() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    threads = crew_.end();
  }
  for (auto& thread : threads) thread.join();
}

// Of which no thread is left that could go on with them.
void Reactor::removeParked() {
  while (true) {
    Entry* entry = nullptr;
    {
      const std::lock_guard lock(mutex_);
      entry = berths_.overdue(SteadyTime::max());
    }
    if (entry == nullptr) return;
    remove(*entry);
  }
}

Server::Counts Reactor::counts() const {
  const std::lock_guard lock(mutex_);
  return {roster_.size(), accepted_, busy_ + shared_.busy_bodies, shared_.failed_handshakes};
}

}  // namespace postern::http
