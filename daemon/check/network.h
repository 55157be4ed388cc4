#pragma once

#include <memory>

#include "async/loop.h"
#include "async/poller.h"
#include "base/clock.h"
#include "upstream/resolver.h"

namespace postern::check {

// The network of the command. It does one thing at a time: the calling thread runs each step's task
// to its end. The constructor throws Poco::Exception without a free descriptor.
struct Network {
  RealClock clock;
  std::unique_ptr<async::Poller> poller = async::makePoller();
  async::Loop loop{*poller, clock};
  upstream::Resolver resolver;
};

}  // namespace postern::check
