#include "scrape/target.h"

#include <algorithm>
#include <utility>

namespace postern::scrape {

namespace {

// A flight that ends at the deadline says where it got stuck: worth this much patience.
constexpr std::chrono::milliseconds kGrace{25};

// A scrape waits so long for a place, half of its time at the most, before the slowest of the
// scrapers that have made their streams wait for kSlow or more loses its place to it.
constexpr std::chrono::milliseconds kPatience{1000};
constexpr std::chrono::milliseconds kSlow{250};

Target::Answer tooLate() {
  return {Error{Fault::Timeout, "the page was not there in time", "", {}}};
}

std::vector<std::string> namesOf(const std::vector<config::Page>& pages) {
  std::vector<std::string> names;
  names.reserve(pages.size());
  for (const auto& page : pages) names.emplace_back(page.name());
  return names;
}

}  // namespace

struct Target::Run {
  exposition::Output output;
  std::shared_ptr<Flight> flight;
  std::list<Waiter*> waiters;  // in the order in which they came
  Waiter* pilot = nullptr;     // whose thread the flight runs on, if it is a waiter's
  bool started = false;
  bool sending_away = false;       // somebody answers for the pilot right now
  bool outgrown = false;           // the hold-back
  const Stream* stream = nullptr;  // null: it does not stream, or its scraper was disconnected
  std::optional<Flight::Landing> landing;
  std::condition_variable changed;
};

Target::Target(config::Target config, std::shared_ptr<Door> door, std::shared_ptr<Stats> stats,
               async::ThreadPool& workers, const Clock& clock,
               std::function<std::string()> self_page)
    : config_(std::move(config)),
      door_(std::move(door)),
      stats_(std::move(stats)),
      workers_(workers),
      clock_(clock),
      self_page_(std::move(self_page)),
      page_names_(namesOf(config_.pages)),
      kept_(config_.pages.size()),
      reshapers_(config_.reshape) {}

Target::Answer Target::scrape(SteadyTime deadline, const exposition::Output& output,
                              const Stream& stream, const LeaveEarly& leave_early) {
  const auto began = std::chrono::steady_clock::now();
  bool shared = false;
  Waiter self{stream, leave_early, deadline, output};
  Lock lock(mutex_);
  Answer answer = wait(lock, self, shared);
  lock.unlock();
  std::optional<Fault> fault;
  if (!answer.page) fault = answer.page.error().fault;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  stats_->answered(fault, took.count(), shared, clock_.system());
  return answer;
}

Target::Answer Target::wait(Lock& lock, Waiter& self, bool& shared) {
  bool alone = false;  // the shared page outgrew the hold-back: fetch it again, for us only
  const auto now = std::chrono::steady_clock::now();
  SteadyTime patient_until =
      now + std::min<SteadyTime::duration>(kPatience, (self.deadline - now) / 2);
  if (const auto page = recent(self.output)) {
    shared = true;
    return {page};
  }
  while (true) {
    std::shared_ptr<Run> run = alone ? nullptr : joinable(self.output);
    shared = run != nullptr;
    if (run) {
      run->flight->extend(self.deadline);
    } else if (running_ < config_.max_concurrent_scrapes) {
      run = start(self.output, self.deadline);
      if (!alone) joinable_.push_back(run);
    } else if (!waitForPlace(lock, self.deadline, patient_until)) {
      return leave(
          {Fault::Busy,
           std::to_string(running_) +
               " scrapes of this target are under way, as many as max_concurrent_scrapes allows",
           "", std::chrono::seconds(1)});
    }
    if (!run) continue;
    if (auto answer = ride(lock, run, self)) return *std::move(answer);
    alone = true;
    self.seat = Seat::Waiting;
  }
}

// Returns false when there is none by the deadline.
bool Target::waitForPlace(Lock& lock, SteadyTime deadline, SteadyTime& patient_until) {
  place_free_.wait_until(lock, std::min(deadline, patient_until));
  const auto now = std::chrono::steady_clock::now();
  if (now >= deadline) return running_ < config_.max_concurrent_scrapes;
  if (now >= patient_until && running_ >= config_.max_concurrent_scrapes) {
    patient_until = now + kSlow;
    disconnectSlowest();
  }
  return true;
}

void Target::disconnectSlowest() {
  Run* slowest = nullptr;
  std::chrono::milliseconds longest = kSlow;
  for (Run* run : streaming_) {
    if (run->stream == nullptr || !run->stream->waited) continue;
    const auto waited = run->stream->waited();
    if (waited < longest) continue;
    longest = waited;
    slowest = run;
  }
  if (slowest != nullptr) std::exchange(slowest->stream, nullptr)->disconnect();
}

// None when the page outgrew the hold-back and somebody else streams it.
std::optional<Target::Answer> Target::ride(Lock& lock, const std::shared_ptr<Run>& run,
                                           Waiter& self) {
  if (run->outgrown) return std::nullopt;
  run->waiters.push_back(&self);
  const auto leaves = self.deadline + kGrace;
  bool late = false;
  while (!run->landing && self.seat != Seat::Outgrown && !late) {
    if (!std::exchange(run->started, true)) {
      launch(lock, *run, self);
      continue;
    }
    if (self.seat == Seat::Streams) {
      run->changed.wait(lock);  // another thread writes to our stream: leave only after it
      continue;
    }
    const bool alone = run->pilot == nullptr || run->pilot->seat != Seat::Waiting;
    run->changed.wait_until(lock, alone ? leaves : std::min(leaves, run->pilot->deadline + kGrace));
    sendPilotAway(lock, *run);
    late = self.seat == Seat::Waiting && std::chrono::steady_clock::now() >= leaves;
  }
  run->changed.wait(lock, [&] { return run->pilot != &self || !run->sending_away; });
  if (run->pilot == &self) run->pilot = nullptr;  // others may wake after this one is gone
  run->waiters.remove(&self);
  if (self.seat == Seat::Outgrown) return std::nullopt;
  if (self.seat == Seat::Left) return tooLate();
  if (late && !run->landing) return leave(tooLate().page.error());
  const bool streamed = self.seat == Seat::Streams;
  if (run->landing->error) return Answer{*run->landing->error, streamed};
  return Answer{run->landing->page, streamed};
}

// On this thread, unless a login or several pages make it long; returns when it is over then.
void Target::launch(Lock& lock, Run& run, Waiter& self) {
  const auto flight = run.flight;
  if (!flight->mayRunHere()) return flight->start();
  run.pilot = &self;
  if (run.waiters.size() > 1) run.changed.notify_all();  // they look after the pilot's deadline
  lock.unlock();
  flight->runHere();
  lock.lock();
}

// Its thread is busy with the flight for us who wait longer.
void Target::sendPilotAway(Lock& lock, Run& run) {
  Waiter* const pilot = run.pilot;
  if (pilot == nullptr || pilot->seat != Seat::Waiting || run.landing) return;
  if (std::chrono::steady_clock::now() < pilot->deadline + kGrace) return;
  pilot->seat = Seat::Left;
  run.sending_away = true;
  lock.unlock();
  pilot->leave_early(leave(tooLate().page.error()));
  lock.lock();
  run.sending_away = false;
  run.changed.notify_all();
}

std::shared_ptr<Target::Run> Target::start(const exposition::Output& output, SteadyTime deadline) {
  ++running_;
  auto run = std::make_shared<Run>();
  run->output = output;
  Flight::Hooks hooks;
  hooks.outgrown = [this, run = run.get()] { return outgrown(*run); };
  // The flight's end keeps run and target alive up to here.
  hooks.done = [target = shared_from_this(), run](Flight::Landing landing) {
    target->done(*run, std::move(landing));
  };
  run->flight =
      std::make_shared<Flight>(FlightPlan{door_, config_, workers_, clock_, self_page_, kept_,
                                          reshapers_, templates_, uniting_, output},
                               std::move(hooks), deadline);
  return run;
}

const Stream* Target::outgrown(Run& run) {
  const std::lock_guard lock(mutex_);
  close(run);
  run.outgrown = true;
  const auto now = std::chrono::steady_clock::now();
  const Stream* chosen = nullptr;
  for (Waiter* waiter : run.waiters) {
    if (waiter->seat == Seat::Left) continue;
    if (chosen == nullptr && waiter->deadline > now) {
      waiter->seat = Seat::Streams;
      chosen = &waiter->stream;
      run.stream = chosen;
      streaming_.push_back(&run);
      run.flight->confine(waiter->deadline);
    } else {
      waiter->seat = Seat::Outgrown;
    }
  }
  run.changed.notify_all();
  return chosen;
}

void Target::done(Run& run, Flight::Landing landing) {
  if (!landing.scraper_gone) {
    stats_->fetched({landing.error, landing.bytes, landing.samples, landing.counts,
                     landing.type_clashes, std::move(landing.pages), std::move(landing.stories)},
                    page_names_, clock_.system());
  }
  Lock lock(mutex_);
  close(run);
  std::erase(streaming_, &run);
  run.stream = nullptr;
  --running_;
  last_page_ = config_.share_for.count() > 0 ? landing.page : nullptr;
  last_output_ = run.output;
  last_fetched_ = clock_.steady();
  run.landing = std::move(landing);
  const auto flight = std::move(run.flight);
  lock.unlock();  // or those who wake would wait for it at once
  run.changed.notify_all();
  place_free_.notify_all();
}

// A failure of this scraper alone, of which no flight tells.
Target::Answer Target::leave(Error error) {
  stats_->leftWithout(error, clock_.system());
  return {std::move(error)};
}

std::shared_ptr<Target::Run> Target::joinable(const exposition::Output& output) const {
  for (const auto& run : joinable_) {
    if (run->output == output) return run;
  }
  return nullptr;
}

// Nobody may join it any more.
void Target::close(const Run& run) {
  std::erase_if(joinable_, [&](const auto& other) { return other.get() == &run; });
}

PageText Target::recent(const exposition::Output& output) const {
  const bool fresh = last_page_ && clock_.steady() <= last_fetched_ + config_.share_for;
  return fresh && output == last_output_ ? last_page_ : nullptr;
}

}  // namespace postern::scrape
