#include "async/loop_thread.h"

namespace postern::async {

LoopThread::LoopThread(const Clock& clock)
    : poller_(makePoller()), loop_(*poller_, clock), thread_([this] { loop_.run(); }) {}

LoopThread::~LoopThread() {
  loop_.stop();
  thread_.join();
}

}  // namespace postern::async
