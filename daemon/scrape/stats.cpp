#include "scrape/stats.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace postern::scrape {

namespace {

constexpr std::chrono::hours kLogAgain{1};

ServiceHealth healthOf(const std::vector<std::optional<Error>>& pages,
                       const std::vector<FetchInfo>& fetch_infos) {
  auto found = ServiceHealth::NotReported;
  for (std::size_t page = 0; page < std::min(pages.size(), fetch_infos.size()); ++page) {
    const auto& fetch_info = fetch_infos[page];
    if (fetch_info.health && !fetch_info.health->healthy) return ServiceHealth::Unhealthy;
    if (fetch_info.health && found == ServiceHealth::NotReported) found = ServiceHealth::Healthy;
    if (pages[page] && fetch_info.format && fetch_info.format->reportsHealth())
      found = ServiceHealth::Unknown;
  }
  return found;
}

}  // namespace

void Histogram::observe(double seconds) {
  const auto bound = std::ranges::lower_bound(kDurationBounds, seconds);
  ++buckets[static_cast<std::size_t>(bound - kDurationBounds.begin())];
  sum += seconds;
  ++count;
}

void Stats::answered(const std::optional<Fault>& fault, double seconds, bool shared,
                     SystemTime now) {
  const MutexLock lock(mutex_);
  if (last_.size() < kRemembered) last_.resize(last_.size() + 1);
  last_[counts_.scrapes % kRemembered] = {now, seconds, fault};
  ++counts_.scrapes;
  if (fault) ++counts_.failures[static_cast<std::size_t>(*fault)];
  if (shared) ++counts_.shared;
  counts_.durations.observe(seconds);
}

void Stats::fetched(FetchSummary fetched, const std::vector<std::string>& names, SystemTime now) {
  const MutexLock lock(mutex_);
  if (!fetched.error) {
    counts_.page_bytes = fetched.bytes;
    counts_.samples = fetched.samples;
    counts_.all += fetched.counts;
    counts_.last = fetched.counts;
    if (fetched.counts.checks_skipped) ++counts_.checks_skipped;
    counts_.type_clashes += fetched.type_clashes;
  }
  counts_.fetch_infos = std::move(fetched.fetch_infos);
  enterState(std::move(fetched.error), healthOf(fetched.pages, counts_.fetch_infos), now);
  const auto pages_before = std::exchange(counts_.pages, std::move(fetched.pages));
  counts_.fetch_infos.resize(counts_.pages.size());
  // If the whole target fails, its own message says so.
  if (!counts_.fault) logPages(pages_before, names);
}

void Stats::leftWithout(const Error& error, SystemTime now) {
  const MutexLock lock(mutex_);
  enterState(error, counts_.health, now);
}

void Stats::enterState(std::optional<Error> fault, ServiceHealth health, SystemTime now) {
  const auto before = std::exchange(counts_.fault, std::move(fault));
  const auto health_before = std::exchange(counts_.health, health);
  const bool changed = !counts_.scraped || before.has_value() != counts_.fault.has_value() ||
                       (before && before->fault != counts_.fault->fault);
  failing_ = counts_.fault ? failing_ + 1 : 0;
  counts_.scraped = true;
  if (changed || (!counts_.fault && health != health_before)) counts_.since = now;
  if (changed || (counts_.fault && now - last_logged_ >= kLogAgain)) logState(before, now);
  if (health != health_before) logHealth(health_before);
}

// The log line of a failed page already says so.
void Stats::logHealth(ServiceHealth before) const {
  if (counts_.health == ServiceHealth::Unhealthy) {
    log::warn("service reports that it is not healthy", {{"target", target_}});
  } else if (counts_.health == ServiceHealth::Healthy && before != ServiceHealth::NotReported) {
    log::info("service reports that it is healthy", {{"target", target_}});
  }
}

void Stats::logPages(const std::vector<std::optional<Error>>& before,
                     const std::vector<std::string>& names) const {
  for (std::size_t page = 0; page < counts_.pages.size(); ++page) {
    const auto& now = counts_.pages[page];
    const bool failed = page < before.size() && before[page];
    if (now && !failed) {
      log::warn("page fails, the others are served", {{"target", target_},
                                                      {"page", names[page]},
                                                      {"reason", faultName(now->fault)},
                                                      {"error", now->what}});
    } else if (!now && failed) {
      log::info("page recovered", {{"target", target_}, {"page", names[page]}});
    }
  }
}

void Stats::logState(const std::optional<Error>& before, SystemTime now) {
  last_logged_ = now;
  if (!counts_.fault) {
    log::info(before ? "target recovered" : "target scraped",
              {{"target", target_}, {"samples", counts_.samples}});
    return;
  }
  const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(now - counts_.since);
  const std::string next = counts_.fault->next.empty()
                               ? std::string(faultInfo(counts_.fault->fault).next)
                               : counts_.fault->next;
  log::warn("target fails", {{"target", target_},
                             {"reason", faultName(counts_.fault->fault)},
                             {"error", counts_.fault->what},
                             {"since_seconds", lasted.count()},
                             {"scrapes", failing_},
                             {"next", next}});
}

std::vector<LastScrape> Stats::lastScrapes() const {
  const MutexLock lock(mutex_);
  std::vector<LastScrape> scrapes = last_;
  if (scrapes.size() < kRemembered) return scrapes;
  const auto oldest = counts_.scrapes % kRemembered;
  std::rotate(scrapes.begin(), scrapes.begin() + static_cast<std::ptrdiff_t>(oldest),
              scrapes.end());
  return scrapes;
}

ScrapeCounts Stats::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

}  // namespace postern::scrape
