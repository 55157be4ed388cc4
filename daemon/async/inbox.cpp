#include "async/inbox.h"

#include <Poco/Net/NetException.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

namespace postern::async {
namespace {

// Poco polls only sockets. epoll also accepts an eventfd(2).
class EventSocket final : public Poco::Net::StreamSocket {
 public:
  explicit EventSocket(int descriptor)
      : StreamSocket(new Poco::Net::StreamSocketImpl(descriptor)) {}
};

int makeEvent() {
  const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) throw Poco::Net::NetException("eventfd", errno);
  return descriptor;
}

}  // namespace

Inbox::Inbox() : ready_(EventSocket(makeEvent())) {}

bool Inbox::post(Work work) {
  const MutexLock lock(mutex_);
  if (closed_) return false;
  work_.push_back(std::move(work));
  if (!full_.exchange(true)) ::eventfd_write(ready_.impl()->sockfd(), 1);
  return true;
}

std::vector<Work> Inbox::take() {
  if (!full_) return {};
  const MutexLock lock(mutex_);
  full_ = false;
  eventfd_t count = 0;
  ::eventfd_read(ready_.impl()->sockfd(), &count);
  return std::exchange(work_, {});
}

void Inbox::close() {
  std::vector<Work> dropped;
  const MutexLock lock(mutex_);
  closed_ = true;
  dropped.swap(work_);
}

}  // namespace postern::async
