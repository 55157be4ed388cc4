#include "scrape/flight.h"

#include <malloc.h>

#include <algorithm>
#include <utility>

#include "exposition/passage.h"
#include "exposition/spectator_json.h"
#include "exposition/whatsapp_health.h"
#include "scrape/exception_guard.h"

namespace postern::scrape {
namespace {

constexpr std::size_t kSmall = 128U << 10;          // bytes of a page: most are smaller
constexpr std::size_t kLarge = 1U << 20;            // bytes of pages that are worth giving back
constexpr std::size_t kHeld = (1U << 20) + kSmall;  // what is held back, as a rule, and a block

bool streams(const config::Target& target) {
  const config::Page& first = target.pages.front();
  const bool whatsapp = first.format == config::Format::WhatsappJson ||
                        first.format == config::Format::WhatsappHealth;
  return target.pages.size() == 1 && !whatsapp && first.min_interval.count() == 0 &&
         !target.append_self;
}

std::optional<exposition::Format> formatOf(const config::Page& page) {
  switch (page.format) {
    case config::Format::Auto: break;
    case config::Format::Text: return exposition::Format::Text;
    case config::Format::OpenMetrics: return exposition::Format::OpenMetrics;
    case config::Format::WhatsappJson: return exposition::Format::WhatsappJson;
    case config::Format::WhatsappHealth: return exposition::Format::WhatsappHealth;
    case config::Format::SpectatorJson: return exposition::Format::SpectatorJson;
  }
  return std::nullopt;
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
  exposition::Family up;
  up.name = "postern_page_up";
  up.type = "gauge";
  up.help = "Whether this page of the target was fetched by this scrape.";
  for (std::size_t page = 0; page < pages.size(); ++page) {
    up.samples += "postern_page_up{target=\"" + target.name + "\",page=\"" +
                  exposition::escapeLabelValue(target.pages[page].name()) +
                  (pages[page] ? "\"} 0\n" : "\"} 1\n");
  }
  exposition::Families families;
  families.families.push_back(std::move(up));
  families.samples = pages.size();
  return families;
}

// The first error tells; but a page whose 401 came after the login of another had failed knows of
// the wait alone, and not of what happened in this scrape.
bool tellsMore(const Error& error, const std::optional<Error>& known) {
  return !known || (known->fault == Fault::Backoff && error.fault != Fault::Backoff);
}

double secondsSince(SteadyTime began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

Flight::Flight(FlightPlan plan, Hooks hooks, SteadyTime deadline)
    : plan_(std::move(plan)),
      hooks_(std::move(hooks)),
      deadline_(deadline.time_since_epoch().count()),
      open_pages_(plan_.target.pages.size()),
      pages_(open_pages_),
      refused_(open_pages_),
      stories_(open_pages_) {}

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
  return {*plan_.door, target, page, until, login, plan_.output};
}

exposition::PageOptions Flight::optionsFor(const Reshapers::Lease& reshaper) const {
  const auto& target = plan_.target;
  return {target.limits, target.honor_timestamps, target.strict, reshaper.get()};
}

// One page, line by line, as it comes.
void Flight::streamOnly() {
  const auto& target = plan_.target;
  const auto reshaper = plan_.reshapers.lease();
  using exposition::Passage;
  Passage passage(
      formatOf(target.pages[0]), optionsFor(reshaper), plan_.output,
      [this](exposition::Format format, std::string_view json) {
        return jsonToText(0, format, json);
      },
      target.hold_back < kSmall ? nullptr : &plan_.templates);  // it holds a block at a time
  const Stream* stream = nullptr;
  Landing landing;
  const auto flush = [&]() -> Result<void> {
    if (!(*stream)(passage.out())) {
      landing.scraper_gone = true;
      return Error{Fault::Timeout, "the scraper has gone, or was too slow", "", {}};
    }
    landing.bytes += passage.out().size();
    passage.out().clear();
    return {};
  };
  std::size_t bytes = 0;
  const auto on_body = [&](std::string_view block) -> Result<void> {
    bytes += block.size();
    if (auto checked = passage.feed(block); !checked) return checked;
    // Grows once, and not by steps that are copied.
    if (stream == nullptr && passage.out().size() > kSmall) passage.out().reserve(kHeld);
    if (stream == nullptr && passage.out().size() > target.hold_back) {
      stream = hooks_.outgrown();
      if (stream == nullptr)
        return Error{Fault::Timeout, "no scraper waits for the page any more", "", {}};
    }
    return stream == nullptr ? Result<void>() : flush();
  };
  const auto began = std::chrono::steady_clock::now();
  PageFetch fetch = fetchOf(0);
  fetch.on_content_type = [&](std::string_view value) {
    passage.contentType(value);
    stories_[0].content_type = value;
  };
  auto fetched = guardExceptions([&] { return fetch.run(std::ref(on_body)); });
  refused_[0] = fetch.refused;
  if (fetched) {
    auto whole = guardExceptions([&] { return passage.finish(); });
    if (!whole) fetched = inPage(target.pages[0], whole.error());
  }
  landing.counts = counts_;
  landing.counts += passage.counts();
  stories_[0].counts = landing.counts;
  stories_[0].status = fetch.status;
  stories_[0].format = passage.format();
  stories_[0].bytes = bytes;
  stories_[0].way = fetch.way;
  stories_[0].seconds = secondsSince(began);
  landing.stories = std::move(stories_);
  if (fetched && stream != nullptr) fetched = flush();
  if (fetched) {
    landing.samples = landing.counts.kept;
    landing.pages = {std::nullopt};
    if (stream == nullptr) {
      landing.bytes = passage.out().size();
      landing.page = std::make_shared<const std::string>(std::move(passage.out()));
    }
  } else {
    pages_[0] = std::move(fetched).error();
    judgeRefusals();
    landing.error = pages_[0]->error();
    landing.pages = {landing.error};
    landing.stories[0].health.reset();
  }
  hooks_.done(std::move(landing));
}

void Flight::startPages(std::size_t first, std::size_t last) {
  for (std::size_t page = first; page < last; ++page) {
    plan_.workers.run([self = shared_from_this(), page] { self->holdPage(page); });
  }
}

void Flight::holdPage(std::size_t page) {
  auto families = guardExceptions([&] { return fetchFamilies(page); });
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
    if (kept.families && plan_.clock.steady() < kept.fetched + wanted.min_interval) {
      stories_[page] = kept.story;
      stories_[page].kept = true;
      return *kept.families;
    }
  }
  stories_[page].format = formatOf(wanted);
  const auto reshaper = plan_.reshapers.lease();
  Result<exposition::Families> families = exposition::Families();
  exposition::FamilyCollector collector(*families);
  exposition::PageInput input(formatOf(wanted), optionsFor(reshaper), collector,
                              [this, page](exposition::Format format, std::string_view json) {
                                return jsonToText(page, format, json);
                              });
  PageFetch fetch = fetchOf(page);
  fetch.on_content_type = [&](std::string_view value) {
    input.contentType(value);
    stories_[page].content_type = value;
  };
  const auto began = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  auto fetched = fetch.run([&](std::string_view block) -> Result<void> {
    bytes += block.size();
    if (held_bytes_.fetch_add(block.size()) + block.size() > plan_.target.merge_limit) {
      return tooMuch("merge_limit", plan_.target.merge_limit);
    }
    return input.feed(block);
  });
  refused_[page] = fetch.refused;
  if (fetched) {
    if (auto whole = input.finish(); !whole) fetched = inPage(wanted, whole.error());
  }
  if (!fetched) families = std::move(fetched).error();
  {
    const std::lock_guard lock(mutex_);
    counts_ += input.counts();
    auto& story = stories_[page];
    story.status = fetch.status;
    story.format = input.format();
    story.bytes = bytes;
    story.way = fetch.way;
    story.counts = input.counts();
    story.seconds = secondsSince(began);
    if (!families) story.health.reset();  // a page that failed tells nothing
  }
  if (keeps) {
    const std::lock_guard lock(kept.mutex);
    kept.families.reset();
    if (families) kept.families = *families;
    kept.fetched = plan_.clock.steady();
    kept.story = stories_[page];
  }
  return families;
}

Result<std::string> Flight::jsonToText(std::size_t page, exposition::Format format,
                                       std::string_view json) {
  const auto& target = plan_.target;
  Result<exposition::Families> families = exposition::Families();
  if (format == exposition::Format::SpectatorJson) {
    auto read = exposition::readSpectator(json, target.pages[page].spectator);
    if (!read) return std::move(read).error();
    const std::lock_guard lock(mutex_);
    counts_.nan += read->nan_dropped;
    return std::move(read->text);
  }
  if (format == exposition::Format::WhatsappHealth) {
    auto health = exposition::parseWhatsappHealth(json);
    if (!health) return std::move(health).error();
    const auto credential = plan_.door->credentials ? plan_.door->credentials->current() : nullptr;
    families = exposition::healthFamilies(*health, target.name,
                                          credential ? credential->credential.company_name : "");
    const std::lock_guard lock(mutex_);
    stories_[page].health = std::make_shared<exposition::Health>(*std::move(health));
    stories_[page].health_at = plan_.clock.system();
  } else {
    families = exposition::parseWhatsappJson(json);
  }
  if (!families) return std::move(families).error();
  return exposition::write(*std::move(families), {});
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
  judgeRefusals();
  Landing landing;
  landing.counts = counts_;
  landing.stories = std::move(stories_);
  std::unique_lock alone(plan_.uniting);
  auto page = guardExceptions([&] { return unite(landing); });
  // What the pages took is in pieces, which malloc would keep for this thread.
  if (held_bytes_ > kLarge) malloc_trim(0);
  alone.unlock();
  if (page) {
    landing.bytes = (*page)->size();
    landing.page = *std::move(page);
  } else {
    landing.error = std::move(page).error();
  }
  hooks_.done(std::move(landing));
}

// One page of all pages, if those that are required are there, and one at least.
Result<PageText> Flight::unite(Landing& landing) {
  const auto& target = plan_.target;
  exposition::Families united;
  std::optional<Error> missing;  // of a page that is required
  std::optional<Error> failed;   // of any page
  bool all_failed = true;
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    auto& families = *pages_[page];
    landing.pages.emplace_back();
    if (families) {
      all_failed = false;
      exposition::merge(united, std::move(*families));
      continue;
    }
    landing.pages.back() = families.error();
    if (tellsMore(families.error(), failed)) failed = families.error();
    if (target.pages[page].required && tellsMore(families.error(), missing))
      missing = std::move(families).error();
  }
  landing.type_clashes = united.type_clashes;
  if (missing) return *std::move(missing);
  if (all_failed) return *std::move(failed);
  if (target.limits.samples != 0 && united.samples > target.limits.samples) {
    return tooMuch("sample_limit", target.limits.samples);
  }
  if (landing.counts.read == 0 && united.samples == 0) {
    return Error{Fault::Empty, "no page had a sample in it", "", {}};
  }
  landing.samples = united.samples;
  exposition::merge(united, pageUpFamily(target, landing.pages));
  if (target.append_self) {
    auto self = exposition::readFamilies(exposition::Syntax::Text, plan_.self_page(), {});
    if (!self) return std::move(self).error();
    exposition::merge(united, *std::move(self));
  }
  auto text = exposition::write(std::move(united), plan_.output);
  if (!text) return std::move(text).error();
  return std::make_shared<const std::string>(*std::move(text));
}

}  // namespace postern::scrape
