#pragma once

#include <Poco/Net/ServerSocket.h>

#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <span>

#include "base/crew.h"
#include "http/alarm.h"
#include "http/berths.h"
#include "http/connection.h"
#include "http/descriptor.h"
#include "http/interrupt.h"
#include "http/roster.h"
#include "http/server.h"
#include "http/watch.h"

namespace postern::http {

// Threads of which one has the watch: it waits in the epoll and owns what an event is about until
// it is put back: reading, answering and writing pass no thread boundary. Before an answer, or
// anything else, holds it up it hands the watch over, which is why all threads but one may be held
// up. When there is more to do than one can, others see to events as well. An answer that waits for
// its first bytes is parked and takes no thread meanwhile, but keeps its right to one. Thread-safe.
class Reactor {
 public:
  explicit Reactor(const Server::Options& options);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  void listen(const Poco::Net::ServerSocket& socket, const Site& site);
  void stopAccepting();
  bool stop(std::chrono::milliseconds timeout);
  Server::Counts counts() const;

 private:
  using Entry = Roster::Entry;
  using Next = Connection::Next;
  using Scratch = std::span<char>;
  enum class Seen { Nothing, Event, End };
  struct Listener : Watched {
    Listener(const Poco::Net::ServerSocket& listening, const Site& served)
        : Watched{Kind::Listener}, socket(listening), site(served) {}

    Poco::Net::ServerSocket socket;
    const Site& site;
    bool paused = false;  // there was no descriptor for a connection

    int descriptor() const { return socket.impl()->sockfd(); }
  };

  bool startThread();
  void work();
  bool keepWatch(const Watch::Hand& self, Scratch scratch);
  Seen see(int patience, Scratch scratch);
  bool leave();
  void acceptSome(Listener& listener, Scratch scratch);
  void take(Descriptor socket, const Address& address, const Site& site, Scratch scratch);
  void pause(Listener& listener);
  void await(Listener& listener) const;
  void tick(Scratch scratch);
  void serve(Entry& entry, Scratch scratch);
  void serveWaiting(Scratch scratch);
  void disembark(Berths::Berth& berth, Scratch scratch);
  void proceed(Entry& entry, std::optional<Next> next, Scratch scratch);
  std::optional<Next> answer(Entry& entry, bool quick, Scratch scratch);
  void park(Entry& entry);
  bool mayGoOn(Entry& entry);
  bool reserveThread();
  std::optional<Next> settle(Entry& entry, Next next);
  void remove(Entry& entry);
  void setAlarm();
  void endThreads();
  void removeParked();

  Shared shared_;
  Descriptor epoll_;
  Interrupt end_;
  Watched end_event_{Watched::Kind::End};
  Watch watch_;
  Watched alarm_event_{Watched::Kind::Alarm};

  mutable std::mutex mutex_;
  std::condition_variable gone_;
  Alarm alarm_;  // guarded by mutex_, as is what follows
  Roster roster_;
  Berths berths_;
  std::list<Listener> listeners_;  // never shorter
  Crew crew_{"for a request"};
  std::size_t waiting_threads_ = 0;  // that wait inside of a handler, or may
  SteadyTime next_complaint_;        // about descriptors
  std::uint64_t accepted_ = 0;
  std::uint64_t busy_ = 0;
};

}  // namespace postern::http
