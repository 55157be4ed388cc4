#pragma once

#include <memory>

#include "async/loop.h"
#include "async/poller.h"
#include "base/clock.h"
#include "upstream/resolver.h"

namespace postern::doctor {

// What the command reaches listeners and services with. It does one thing at a time: each step is a
// task that the calling thread runs to its end. The constructor throws Poco::Exception without a
// free descriptor.
struct Network {
  RealClock clock;
  std::unique_ptr<async::Poller> poller = async::makePoller();
  async::Loop loop{*poller, clock};
  upstream::Resolver resolver;
};

}  // namespace postern::doctor
