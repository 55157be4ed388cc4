#pragma once

#include <Poco/Net/PollSet.h>
#include <Poco/Net/Socket.h>

#include <chrono>
#include <memory>

namespace postern::async {

// The sockets of a loop, with the modes of Poco::Net::PollSet. Level-triggered: poll() reports a
// mode until the socket is no longer ready or the mode is removed. One thread at a time.
class Poller {
 public:
  using Modes = Poco::Net::PollSet::SocketModeMap;
  static constexpr int kRead = Poco::Net::PollSet::POLL_READ;
  static constexpr int kWrite = Poco::Net::PollSet::POLL_WRITE;
  static constexpr int kError = Poco::Net::PollSet::POLL_ERROR;

  virtual ~Poller() = default;
  virtual void add(const Poco::Net::Socket& socket, int mode) = 0;
  virtual void update(const Poco::Net::Socket& socket, int mode) = 0;
  virtual void remove(const Poco::Net::Socket& socket) = 0;
  // Returns the sockets that are ready. Waits for `patience` at most; negative: until one is ready.
  virtual Modes poll(std::chrono::milliseconds patience) = 0;
};

// epoll, by Poco. Throws Poco::Exception without a free descriptor.
std::unique_ptr<Poller> makePoller();

}  // namespace postern::async
