#include "http/alarm.h"

#include <sys/timerfd.h>

#include <chrono>
#include <ctime>

namespace postern::http {

Alarm::Alarm() : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {}

void Alarm::ringBy(SteadyTime deadline) {
  if (rings_at_ && *rings_at_ <= deadline) return;
  rings_at_ = deadline;
  const auto since = deadline.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  itimerspec time{};
  time.it_value = {seconds.count(), std::chrono::nanoseconds(since - seconds).count()};
  ::timerfd_settime(timer_.number(), TFD_TIMER_ABSTIME, &time, nullptr);
}

}  // namespace postern::http
