#include "config/error_collector.h"

#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace postern::config {
namespace {

constexpr std::size_t kMostErrors = 100;
constexpr std::chrono::seconds kReviewTime{1};

std::chrono::nanoseconds cpuTime() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

ErrorCollector::ErrorCollector(std::string file, Path folder, NamedFiles named)
    : file_(std::move(file)),
      folder_(std::move(folder)),
      named_(named),
      cpu_limit_(cpuTime() + kReviewTime) {}

bool ErrorCollector::enough() {
  if (too_long_ || entries_.size() >= kMostErrors) return true;
  if (named_ == NamedFiles::Read || cpuTime() < cpu_limit_) return false;
  too_long_ = true;
  add(1, 1, "", "takes more than 1 s of CPU time to check, expected fewer or simpler rules");
  return true;
}

void ErrorCollector::add(std::size_t line, std::size_t column, std::string key, std::string what) {
  entries_.push_back({line, column, std::move(key), std::move(what)});
}

Path ErrorCollector::file(std::string_view name) {
  return files_.emplace_back((folder_ / name).lexically_normal());
}

std::vector<ConfigError> ErrorCollector::errors() const {
  auto entries = entries_;
  std::stable_sort(entries.begin(), entries.end(),
                   [](const LocatedError& a, const LocatedError& b) {
                     return std::pair(a.line, a.column) < std::pair(b.line, b.column);
                   });
  std::vector<ConfigError> errors;
  errors.reserve(entries.size());
  for (auto& [line, column, key, what] : entries) {
    errors.push_back(
        {fmt::format("{}:{}:{}", file_, line, column), std::move(key), std::move(what)});
  }
  return errors;
}

}  // namespace postern::config
