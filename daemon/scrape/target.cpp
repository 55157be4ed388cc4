#include "scrape/target.h"

#include <algorithm>
#include <utility>

#include "scrape/exception_guard.h"
#include "scrape/held_pages.h"
#include "scrape/streamed_page.h"

namespace postern::scrape {

namespace {

// How much longer to wait for a run that ends at the deadline, because its error says where it got
// stuck.
constexpr std::chrono::milliseconds kGrace{25};

// How long a scrape waits for a place, at most half of its time. Then the slowest scraper whose
// stream has waited for kSlow or more loses its place to it.
constexpr std::chrono::milliseconds kPatience{1000};
constexpr std::chrono::milliseconds kSlow{250};

Error tooLate() {
  return {Fault::Timeout, "the page did not arrive in time"};
}

std::vector<std::string> namesOf(const std::vector<config::Page>& pages) {
  std::vector<std::string> names;
  names.reserve(pages.size());
  for (const auto& page : pages) names.emplace_back(page.name());
  return names;
}

enum class WaiterState { Waiting, Leads, Outgrown };

}  // namespace

struct Target::ScrapeWaiter {
  exposition::Output output;
  PageStream& stream;
  SteadyTime deadline;
  SteadyTime patient_until;  // when it takes the place of a slow stream
  WaiterState state = WaiterState::Waiting;
  bool shared = false;  // it joined another run, or got a recent page
};

struct Target::Run {
  // One of the max_concurrent_scrapes places.
  class ScrapeSlot {
   public:
    explicit ScrapeSlot(Target& target) : target_(target) { ++target_.running_; }
    ScrapeSlot(const ScrapeSlot&) = delete;
    ScrapeSlot& operator=(const ScrapeSlot&) = delete;
    ~ScrapeSlot() {
      --target_.running_;
      target_.slot_free_.set();
      target_.slot_free_.reset();
    }

   private:
    Target& target_;
  };

  Run(Target& target, const ScrapeWaiter& first)
      : output(first.output),
        deadline(first.deadline),
        scope(target.context_.loop, deadline),
        slot(std::in_place, target) {}

  void extend(SteadyTime other) {
    deadline = std::max(deadline, other);
    scope.setDeadline(deadline);
  }

  const exposition::Output output;
  SteadyTime deadline;  // the latest of all waiters
  async::Scope scope;
  std::optional<ScrapeSlot> slot;
  std::list<ScrapeWaiter*> waiters;  // in the order of their arrival
  bool started = false;
  async::Event decided;                // the result exists, or the page outgrew the hold-back
  std::unique_ptr<StreamedPage> page;  // only for a target that streams
  std::optional<ScrapeResult> result;
};

// A scrape that waits for a run.
class Target::Joined {
 public:
  Joined(Run& run, ScrapeWaiter& waiter) : run_(run), waiter_(waiter) {
    run_.waiters.push_back(&waiter);
  }
  Joined(const Joined&) = delete;
  Joined& operator=(const Joined&) = delete;
  ~Joined() { run_.waiters.remove(&waiter_); }

 private:
  Run& run_;
  ScrapeWaiter& waiter_;
};

class Target::Streaming {
 public:
  Streaming(Target& target, PageStream& stream) : target_(target), stream_(stream) {
    target_.streaming_.push_back(&stream_);
  }
  Streaming(const Streaming&) = delete;
  Streaming& operator=(const Streaming&) = delete;
  ~Streaming() { std::erase(target_.streaming_, &stream_); }

 private:
  Target& target_;
  PageStream& stream_;
};

Target::Target(config::Target config, std::shared_ptr<TargetClient> client,
               std::shared_ptr<Stats> stats, async::Loop& loop, async::JobRunner& runner,
               SelfMetrics self_metrics)
    : context_{std::move(client),
               std::make_shared<PageContext>(std::move(config)),
               loop,
               runner,
               std::move(self_metrics),
               {}},
      stats_(std::move(stats)),
      page_names_(namesOf(this->config().pages)) {
  context_.kept.resize(this->config().pages.size());
}

Target::~Target() = default;

async::Task<Target::ScrapeAnswer> Target::scrape(SteadyTime deadline, exposition::Output output,
                                                 PageStream& stream, async::Scope& connection) {
  const auto began = context_.loop.now();
  const auto half = (deadline - began) / 2;
  ScrapeWaiter self{output, stream, deadline,
                    began + std::min<SteadyTime::duration>(kPatience, half)};
  ScrapeAnswer answered = co_await answer(self, connection);
  std::optional<Fault> fault;
  if (!answered.page) fault = answered.page.error().fault;
  stats_->answered(fault, secondsSince(context_.loop, began), self.shared, clock().system());
  co_return answered;
}

async::Task<Target::ScrapeAnswer> Target::answer(ScrapeWaiter& self, async::Scope& connection) {
  if (const auto page = recent(self.output)) {
    self.shared = true;
    co_return ScrapeAnswer{page};
  }
  bool alone = false;  // the shared page outgrew the hold-back: fetch it again for this scrape only
  while (true) {
    auto run = alone ? nullptr : joinable(self.output);
    self.shared = run != nullptr;
    if (run) {
      run->extend(self.deadline);
    } else if (running_ < config().max_concurrent_scrapes) {
      run = start(self);
      if (!alone) joinable_.push_back(run);
    } else {
      const bool may = co_await waitForSlot(self, connection);
      if (may) continue;
      co_return leave(
          {Fault::Busy,
           std::to_string(running_) +
               " scrapes of this target are in progress, the limit of max_concurrent_scrapes",
           "", std::chrono::seconds(1)});
    }
    auto answered = co_await join(std::move(run), self, connection);
    if (answered) co_return *std::move(answered);
    alone = true;
    self.state = WaiterState::Waiting;
  }
}

// Returns false when no place is free by the deadline.
async::Task<bool> Target::waitForSlot(ScrapeWaiter& self, async::Scope& connection) {
  async::Scope patience(connection, std::min(self.deadline, self.patient_until));
  const bool free = co_await slot_free_.wait(patience);
  if (free) co_return true;
  const bool full = running_ >= config().max_concurrent_scrapes;
  const auto now = context_.loop.now();
  if (connection.ended() || now >= self.deadline) co_return !full && !connection.ended();
  self.patient_until = now + kSlow;
  if (full) disconnectSlowest();
  co_return true;
}

void Target::disconnectSlowest() {
  const auto slowest = std::ranges::max_element(streaming_, {}, &PageStream::waited);
  if (slowest != streaming_.end() && (*slowest)->waited() >= kSlow) (*slowest)->disconnect();
}

// Not set when the page outgrew the hold-back and another scrape streams it.
async::Task<std::optional<Target::ScrapeAnswer>> Target::join(std::shared_ptr<Run> run,
                                                              ScrapeWaiter& self,
                                                              async::Scope& connection) {
  const Joined joined(*run, self);
  if (!std::exchange(run->started, true)) runs_.add(fetchAll(run));
  async::Scope patience(connection, self.deadline + kGrace);
  const bool decided = co_await run->decided.wait(patience);
  if (self.state == WaiterState::Leads) co_return co_await stream(run, self, connection);
  if (self.state == WaiterState::Outgrown) co_return std::nullopt;
  if (!decided) co_return leave(tooLate());
  if (run->result->error) co_return ScrapeAnswer{*run->result->error};
  co_return ScrapeAnswer{run->result->page};
}

async::Task<Target::ScrapeAnswer> Target::stream(std::shared_ptr<Run> run, ScrapeWaiter& self,
                                                 async::Scope& connection) {
  const Streaming streaming(*this, self.stream);
  async::Scope time(connection, self.deadline);
  co_await run->page->streamTo(self.stream, time);
  complete(*run, run->page->result());
  if (run->result->error) co_return ScrapeAnswer{*run->result->error, true};
  co_return ScrapeAnswer{PageText(), true};
}

std::shared_ptr<Target::Run> Target::start(const ScrapeWaiter& first) {
  return std::make_shared<Run>(*this, first);
}

// Without the catch, waiters of the run would wait until their deadlines.
async::Task<> Target::fetchAll(std::shared_ptr<Run> run) {
  auto fetching = fetch(*run);
  auto thrown = co_await guardExceptions(std::move(fetching));
  if (!thrown) co_return;
  ScrapeResult result;
  result.error = std::move(thrown);
  complete(*run, std::move(result));
}

async::Task<> Target::fetch(Run& run) {
  // A login may take longer than an impatient scraper waits.
  const auto login_deadline = context_.loop.now() + config().scrape_timeout;
  if (!streams(config())) {
    HeldPages pages(context_, run.output);
    auto result = co_await pages.fetch(run.scope, login_deadline);
    complete(run, std::move(result));
    co_return;
  }
  run.page = std::make_unique<StreamedPage>(context_, run.output);
  const bool outgrown = co_await run.page->hold(run.scope, login_deadline);
  if (outgrown) {
    outgrew(run);
  } else {
    complete(run, run.page->result());
  }
}

// The first waiter whose deadline has not passed leads.
void Target::outgrew(Run& run) {
  close(run);
  bool led = false;
  for (ScrapeWaiter* waiter : run.waiters) {
    const bool leads = !led && waiter->deadline > context_.loop.now();
    waiter->state = leads ? WaiterState::Leads : WaiterState::Outgrown;
    led = led || leads;
  }
  if (led) return run.decided.set();
  run.page->abandon();
  complete(run, run.page->result());
}

void Target::complete(Run& run, ScrapeResult result) {
  if (!result.scraper_gone) {
    stats_->fetched({result.error, result.bytes, result.samples, result.counts, result.type_clashes,
                     std::move(result.pages), std::move(result.fetch_infos)},
                    page_names_, clock().system());
  }
  close(run);
  last_page_ = config().share_for.count() > 0 ? result.page : nullptr;
  last_output_ = run.output;
  last_fetched_ = context_.loop.now();
  run.result = std::move(result);
  run.decided.set();
  run.slot.reset();
}

// A failure of this scraper only, which no run reports.
Target::ScrapeAnswer Target::leave(Error error) {
  stats_->leftWithout(error, clock().system());
  return {std::move(error)};
}

std::shared_ptr<Target::Run> Target::joinable(const exposition::Output& output) const {
  for (const auto& run : joinable_) {
    if (run->output == output) return run;
  }
  return nullptr;
}

// Nobody may join the run any longer.
void Target::close(const Run& run) {
  std::erase_if(joinable_, [&](const auto& other) { return other.get() == &run; });
}

PageText Target::recent(const exposition::Output& output) const {
  const bool fresh = last_page_ && context_.loop.now() <= last_fetched_ + config().share_for;
  return fresh && output == last_output_ ? last_page_ : nullptr;
}

}  // namespace postern::scrape
