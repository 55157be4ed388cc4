#include "base/reloading.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "fakes/fake_clock.h"

namespace postern {
namespace {

using std::chrono::seconds;

// The contents of a file: its signature, and a text. A text that begins with "bad" cannot be
// loaded.
class FakeSource final : public ReloadSource<std::string> {
 public:
  std::string signature() override { return std::to_string(version_) + known_; }

  Result<Snapshot> load(const Snapshot& former, std::string& signature) override {
    ++loads;
    const int version_before = version_;
    formers.push_back(former ? *former : "none");
    const std::string read = text_;
    if (!writes_during_load_.empty()) write(std::exchange(writes_during_load_, {}));
    if (known_ != names_) signature = std::to_string(version_before) + (known_ = names_);
    if (read == "half") return Snapshot();
    if (read.starts_with("bad")) return Error{Fault::Format, read, {}, {}};
    return std::make_shared<const std::string>(read);
  }

  void onLoaded(const Snapshot& snapshot) override { log.push_back("loaded " + *snapshot); }

  void onFailed(const ReloadFailure& failure) override {
    if (!failure.new_signature && !failure.new_error) return;
    log.push_back(failure.error.what + (failure.new_signature ? " signature" : "") +
                  (failure.new_error ? " error" : "") + (failure.has_snapshot ? " keeps" : ""));
  }

  void write(std::string text) {
    text_ = std::move(text);
    ++version_;
  }
  // Changes the content but not the signature, as when a permission is missing.
  void becomes(std::string text) { text_ = std::move(text); }
  void writeDuringLoad(std::string text) { writes_during_load_ = std::move(text); }
  void names(std::string others) { names_ = std::move(others); }

  int loads = 0;
  std::vector<std::string> formers;
  std::vector<std::string> log;

 private:
  int version_ = 1;
  std::string text_ = "one";
  std::string writes_during_load_;
  std::string names_;  // that the next load finds
  std::string known_;  // that the last one found
};

class ReloadingTest : public ::testing::Test {
 protected:
  std::string textOf(const Reloading<std::string>& any) const {
    const auto now = any.now();
    return now ? *now : "none";
  }

  testing::FakeClock clock;
  FakeSource source;
  Reloading<std::string> reloading{source, clock, seconds(0)};
};

TEST_F(ReloadingTest, LoadsAtTheFirstPollAndThenOnlyWhatHasChanged) {
  EXPECT_EQ(textOf(reloading), "none");

  reloading.poll();
  const auto first = reloading.now();
  reloading.poll();
  EXPECT_EQ(source.loads, 1);
  EXPECT_EQ(reloading.now(), first);

  source.write("two");
  clock.advance(seconds(5));
  reloading.poll();
  EXPECT_EQ(textOf(reloading), "two");
  EXPECT_EQ(*first, "one");
  EXPECT_EQ(reloading.status().loads, 2U);
  EXPECT_EQ(reloading.status().loaded_at, clock.system());
  EXPECT_EQ(source.formers, (std::vector<std::string>{"none", "one"}));
  EXPECT_EQ(source.log, (std::vector<std::string>{"loaded one", "loaded two"}));
}

TEST_F(ReloadingTest, KeepsTheLastGoodSnapshotWhileTheSourceIsBad) {
  reloading.poll();
  const auto loaded_at = clock.system();
  source.write("bad");
  clock.advance(seconds(1));

  reloading.poll();
  reloading.poll();
  EXPECT_EQ(textOf(reloading), "one");
  EXPECT_EQ(source.loads, 3);
  auto status = reloading.status();
  EXPECT_EQ(status.loads, 1U);
  EXPECT_EQ(status.failures, 1U);
  EXPECT_EQ(status.loaded_at, loaded_at);
  ASSERT_TRUE(status.error);
  EXPECT_EQ(status.error->what, "bad");

  source.write("two");
  reloading.poll();
  EXPECT_EQ(textOf(reloading), "two");
  status = reloading.status();
  EXPECT_EQ(status.loads, 2U);
  EXPECT_EQ(status.failures, 1U);
  EXPECT_FALSE(status.error);
  EXPECT_EQ(source.log,
            (std::vector<std::string>{"loaded one", "bad signature error keeps", "loaded two"}));
}

TEST_F(ReloadingTest, LoadsASourceThatWasBadFromTheStart) {
  source.write("bad");
  EXPECT_FALSE(reloading.reload());
  EXPECT_EQ(textOf(reloading), "none");
  ASSERT_FALSE(reloading.current());
  EXPECT_EQ(reloading.current().error().what, "bad");
  EXPECT_EQ(reloading.status().failures, 1U);

  source.becomes("one");
  reloading.poll();
  EXPECT_EQ(textOf(reloading), "one");
  EXPECT_TRUE(reloading.current());
  EXPECT_EQ(source.log, (std::vector<std::string>{"bad signature error", "loaded one"}));
}

TEST_F(ReloadingTest, ReportsANewErrorOfANewSignature) {
  source.write("bad");
  reloading.poll();
  source.becomes("bad in another way");
  reloading.poll();
  source.write("bad in another way");
  reloading.poll();
  EXPECT_EQ(source.log, (std::vector<std::string>{"bad signature error", "bad in another way error",
                                                  "bad in another way signature"}));
  EXPECT_EQ(reloading.status().failures, 2U);
}

TEST_F(ReloadingTest, SeesAChangeDuringALoadAtTheNextPoll) {
  source.writeDuringLoad("two");
  reloading.poll();
  EXPECT_EQ(textOf(reloading), "one");

  reloading.poll();
  EXPECT_EQ(textOf(reloading), "two");
  reloading.poll();
  EXPECT_EQ(source.loads, 2);
}

TEST_F(ReloadingTest, KnowsTheFilesThatALoadHasFound) {
  source.names("+certificate");
  reloading.poll();
  reloading.poll();
  EXPECT_EQ(source.loads, 1);
  source.names("+certificate+key");
  source.write("bad");
  reloading.poll();
  reloading.poll();
  EXPECT_EQ(source.loads, 3);
  EXPECT_EQ(reloading.status().failures, 1U);
}

TEST_F(ReloadingTest, LooksAgainAtASourceThatHasNotSettled) {
  reloading.poll();
  source.write("half");
  reloading.poll();
  reloading.poll();
  EXPECT_EQ(source.loads, 3);
  EXPECT_EQ(textOf(reloading), "one");
  EXPECT_FALSE(reloading.status().error);
  EXPECT_EQ(reloading.status().failures, 0U);

  source.becomes("whole");
  reloading.poll();
  EXPECT_EQ(textOf(reloading), "whole");
}

TEST_F(ReloadingTest, RepeatsABadLoadWhenItsTimeHasComeOrNever) {
  Reloading<std::string> later(source, clock, seconds(10));
  Reloading<std::string> never(source, clock, std::nullopt);
  source.write("bad");
  later.poll();
  never.poll();
  source.becomes("good");

  clock.advance(seconds(9));
  later.poll();
  EXPECT_EQ(textOf(later), "none");
  clock.advance(seconds(1));
  later.poll();
  EXPECT_EQ(textOf(later), "good");

  clock.advance(std::chrono::hours(24));
  never.poll();
  EXPECT_EQ(textOf(never), "none");
  EXPECT_TRUE(never.reload());
  EXPECT_EQ(textOf(never), "good");
}

TEST_F(ReloadingTest, ReloadsWhatIsUnchangedWhenItIsAsked) {
  reloading.poll();
  EXPECT_TRUE(reloading.reload());
  EXPECT_EQ(source.loads, 2);

  source.becomes("bad");
  const auto failed = reloading.reload();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().what, "bad");
  EXPECT_EQ(textOf(reloading), "one");
}

// Its value has two halves, equal in every snapshot.
class PairSource final : public ReloadSource<std::pair<int, int>> {
 public:
  std::string signature() override { return std::to_string(++version_); }
  Result<Snapshot> load(const Snapshot& former, std::string& /*signature*/) override {
    if (version_ % 3 == 0) return Error{Fault::Format, "bad", {}, {}};
    const int next = former ? former->first + 1 : 0;
    return std::make_shared<const std::pair<int, int>>(next, next);
  }
  void onLoaded(const Snapshot& /*snapshot*/) override {}
  void onFailed(const ReloadFailure& /*failure*/) override {}

 private:
  int version_ = 0;
};

TEST(ReloadingThreadsTest, ReadersSeeWholeSnapshotsInOrderWhileOthersReload) {
  const testing::FakeClock clock;
  PairSource source;
  Reloading<std::pair<int, int>> reloading(source, clock, seconds(0));
  ASSERT_TRUE(reloading.reload());
  std::atomic<bool> over = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      int last = 0;
      while (!over) {
        const auto now = reloading.now();
        if (now->first != now->second || now->first < last) ++wrong;
        last = now->first;
        static_cast<void>(reloading.status());
      }
    });
  }

  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&] {
      for (int j = 0; j < 600; ++j) reloading.poll();
    });
  }
  for (auto& writer : writers) writer.join();
  over = true;
  for (auto& reader : readers) reader.join();

  EXPECT_EQ(wrong, 0);
  const auto status = reloading.status();
  EXPECT_EQ(status.loads + status.failures, 1201U);
  EXPECT_EQ(reloading.now()->first + 1, static_cast<int>(status.loads));
}

}  // namespace
}  // namespace postern
