#include "async/poller.h"

#include <Poco/Timespan.h>

namespace postern::async {
namespace {

// Days, because PollSet has no infinite wait.
constexpr std::chrono::hours kForever{24 * 7};

class PocoPoller final : public Poller {
 public:
  void add(const Poco::Net::Socket& socket, int mode) override { set_.add(socket, mode); }
  void update(const Poco::Net::Socket& socket, int mode) override { set_.update(socket, mode); }
  void remove(const Poco::Net::Socket& socket) override { set_.remove(socket); }
  Modes poll(std::chrono::milliseconds patience) override {
    if (patience.count() < 0) patience = kForever;
    return set_.poll(std::chrono::microseconds(patience).count());
  }

 private:
  Poco::Net::PollSet set_;
};

}  // namespace

std::unique_ptr<Poller> makePoller() {
  return std::make_unique<PocoPoller>();
}

}  // namespace postern::async
