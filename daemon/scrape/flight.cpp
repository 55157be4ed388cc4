#include "scrape/flight.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postern::scrape {
namespace {

bool streams(const config::Target& target) {
  const config::Page& first = target.pages.front();
  const bool text = first.format == config::Format::Auto || first.format == config::Format::Text;
  return target.pages.size() == 1 && text && first.min_interval.count() == 0 && !target.append_self;
}

Error tooMuch(std::string_view limit, std::size_t value) {
  return {Fault::Limit,
          "the pages together exceed " + std::string(limit) + " of " + std::to_string(value),
          "",
          {}};
}

// So that a page that is missing is not missing in silence.
exposition::Families pageUpFamily(const config::Target& target,
                                  const std::vector<std::optional<Error>>& pages) {
  exposition::Family up{"postern_page_up", "gauge",
                        "Whether this page of the target was fetched by this scrape.", ""};
  for (std::size_t page = 0; page < pages.size(); ++page) {
    up.samples += "postern_page_up{target=\"" + target.name + "\",page=\"" +
                  exposition::escapeLabelValue(target.pages[page].name()) +
                  (pages[page] ? "\"} 0\n" : "\"} 1\n");
  }
  return {{std::move(up)}, pages.size()};
}

}  // namespace

Flight::Flight(FlightPlan plan, Hooks hooks, SteadyTime deadline)
    : plan_(std::move(plan)),
      hooks_(std::move(hooks)),
      deadline_(deadline.time_since_epoch().count()),
      open_pages_(plan_.target.pages.size()),
      pages_(open_pages_),
      refused_(open_pages_) {}

void Flight::start() {
  if (streams(plan_.target)) {
    plan_.workers.run([self = shared_from_this()] { self->streamOnly(); });
    return;
  }
  // One page goes ahead, so that a credential that turned bad is shown to the service once.
  one_ahead_ = pages_.size() > 1 && plan_.door->session.sendsCredentialItself();
  startPages(0, one_ahead_ ? 1 : pages_.size());
}

bool Flight::mayRunHere() const {
  return streams(plan_.target) && plan_.door->session.ready();
}

void Flight::runHere() {
  here_ = true;
  streamOnly();
}

void Flight::extend(SteadyTime deadline) {
  const auto at = deadline.time_since_epoch().count();
  auto known = deadline_.load();
  while (known < at && !deadline_.compare_exchange_weak(known, at)) {
  }
}

void Flight::confine(SteadyTime deadline) {
  deadline_ = deadline.time_since_epoch().count();
}

Deadline Flight::deadline() const {
  return Deadline(deadline_);
}

PageFetch Flight::fetchOf(std::size_t page) const {
  const auto& target = plan_.target;
  Deadline until = deadline();
  if (const auto own = target.pages[page].timeout; own.count() > 0)
    until = until.cappedAt(deadlineIn(own));
  // A login may outlast a hurried scraper, but for one whose thread it would hold.
  const Deadline login = here_ ? until : Deadline(deadlineIn(target.scrape_timeout));
  return {*plan_.door, target, page, until, login};
}

void Flight::streamOnly() {
  const auto& target = plan_.target;
  exposition::TextChecker checker(target.limits, target.honor_timestamps);
  auto out = std::make_shared<std::string>();
  const Stream* stream = nullptr;
  Landing landing;
  const auto flush = [&]() -> Result<void> {
    if (!(*stream)(*out))
      return Error{Fault::Timeout, "the scraper has gone, or was too slow", "", {}};
    landing.bytes += out->size();
    out->clear();
    return {};
  };
  const auto on_body = [&](std::string_view block) -> Result<void> {
    if (auto checked = checker.feed(block, *out); !checked) return checked;
    if (stream == nullptr && out->size() > target.hold_back) {
      stream = hooks_.outgrown();
      if (stream == nullptr)
        return Error{Fault::Timeout, "no scraper waits for the page any more", "", {}};
    }
    return stream == nullptr ? Result<void>() : flush();
  };
  PageFetch fetch = fetchOf(0);
  auto fetched = fetch.run(on_body);
  refused_[0] = fetch.refused;
  if (fetched) {
    if (auto whole = checker.finish(*out); !whole) fetched = inPage(target.pages[0], whole.error());
  }
  if (fetched && stream != nullptr) fetched = flush();
  if (fetched) {
    landing.samples = checker.samples();
    landing.pages = {std::nullopt};
    if (stream == nullptr) {
      landing.bytes = out->size();
      landing.page = std::move(out);
    }
  } else {
    pages_[0] = std::move(fetched).error();
    judgeRefusals();
    landing.error = pages_[0]->error();
    landing.pages = {landing.error};
  }
  hooks_.done(std::move(landing));
}

void Flight::startPages(std::size_t first, std::size_t last) {
  for (std::size_t page = first; page < last; ++page) {
    plan_.workers.run([self = shared_from_this(), page] { self->holdPage(page); });
  }
}

void Flight::holdPage(std::size_t page) {
  auto families = fetchFamilies(page);
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    pages_[page] = std::move(families);
    last = --open_pages_ == 0;
  }
  if (last) {
    land();
  } else if (one_ahead_ && page == 0) {
    startPages(1, pages_.size());
  }
}

Result<exposition::Families> Flight::fetchFamilies(std::size_t page) {
  const config::Page& wanted = plan_.target.pages[page];
  KeptPage& kept = plan_.kept[page];
  const bool keeps = wanted.min_interval.count() > 0;
  if (keeps) {
    const std::lock_guard lock(kept.mutex);
    if (kept.families && plan_.clock.steady() < kept.fetched + wanted.min_interval)
      return *kept.families;
  }
  std::string body;
  PageFetch fetch = fetchOf(page);
  const auto fetched = fetch.run([&](std::string_view block) -> Result<void> {
    if (held_bytes_.fetch_add(block.size()) + block.size() > plan_.target.merge_limit) {
      return tooMuch("merge_limit", plan_.target.merge_limit);
    }
    body += block;
    return {};
  });
  refused_[page] = fetch.refused;
  Result<exposition::Families> families = fetched ? parse(page, body) : fetched.error();
  if (fetched && !families) families = inPage(wanted, families.error());
  if (keeps) {
    const std::lock_guard lock(kept.mutex);
    kept.families.reset();
    if (families) kept.families = *families;
    kept.fetched = plan_.clock.steady();
  }
  return families;
}

Result<exposition::Families> Flight::parse(std::size_t page, const std::string& body) {
  const auto& target = plan_.target;
  const auto limits = target.limits;
  switch (target.pages[page].format) {
    case config::Format::WhatsappJson: return exposition::parseWhatsappJson(body, limits);
    case config::Format::WhatsappHealth: {
      auto health = exposition::parseWhatsappHealth(body, limits);
      if (!health) return std::move(health).error();
      const auto credential =
          plan_.door->credentials ? plan_.door->credentials->current() : nullptr;
      auto families = exposition::healthFamilies(
          *health, target.name, credential ? credential->credential.company_name : "");
      const std::lock_guard lock(mutex_);
      health_ = *std::move(health);
      return families;
    }
    case config::Format::Auto:
    case config::Format::OpenMetrics:
    case config::Format::SpectatorJson:
    case config::Format::Text: break;
  }
  return exposition::parseText(body, limits, target.honor_timestamps);
}

// A 401 that stands is a rejected login when no page ever accepted what was sent.
void Flight::judgeRefusals() {
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    if (refused_[page] == 0 || !plan_.door->session.countRefusal(refused_[page])) continue;
    Error error = pages_[page]->error();
    error.fault = Fault::LoginRejected;
    pages_[page] = std::move(error);
  }
}

void Flight::land() {
  const auto& target = plan_.target;
  judgeRefusals();
  Landing landing;
  landing.health = std::move(health_);
  exposition::Families united;
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    auto& families = *pages_[page];
    landing.pages.emplace_back();
    if (families) {
      exposition::merge(united, std::move(*families));
      continue;
    }
    landing.pages.back() = families.error();
    if (target.pages[page].required && !landing.error) {
      landing.error = std::move(families).error();
    }
  }
  if (!landing.error && target.limits.samples != 0 && united.samples > target.limits.samples) {
    landing.error = tooMuch("sample_limit", target.limits.samples);
  }
  if (!landing.error && united.samples == 0) {
    landing.error = Error{Fault::Empty, "no page had a sample in it", "", {}};
  }
  if (!landing.error) {
    landing.samples = united.samples;
    exposition::merge(united, pageUpFamily(target, landing.pages));
    if (target.append_self) {
      auto self = exposition::parseText(plan_.self_page(), {}, true);
      assert(self);
      exposition::merge(united, *std::move(self));
    }
    std::string text = exposition::write(united);
    landing.bytes = text.size();
    landing.page = std::make_shared<const std::string>(std::move(text));
  }
  hooks_.done(std::move(landing));
}

}  // namespace postern::scrape
