#include "session/state_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "fakes/certificates.h"

namespace postern::session {
namespace {

using namespace std::chrono_literals;

SavedState withRejections(int rejections) {
  SavedState state;
  state.salt = "salt";
  state.rejections = rejections;
  return state;
}

TEST(StateFileTest, KeepsWhatWasSavedLast) {
  const testing::TemporaryFolder folder;
  {
    StateFile file(folder.path(), "t");
    for (int i = 1; i <= 100; ++i) file.save(withRejections(i));
  }
  EXPECT_EQ(StateFile(folder.path(), "t").loaded().rejections, 100);
}

TEST(StateFileTest, HasWrittenAfterFlush) {
  const testing::TemporaryFolder folder;
  StateFile file(folder.path(), "t");
  for (int i = 1; i <= 100; ++i) {
    file.save(withRejections(i));
    file.flush().wait();
    EXPECT_EQ(StateFile(folder.path(), "t").loaded().rejections, i);
  }
}

TEST(StateFileTest, StartsFromScratchWithAFileThatCannotBeRead) {
  for (const auto& content :
       {std::string("{}"), std::string("no JSON"), std::string(), std::string(100'000, '[')}) {
    const testing::TemporaryFolder folder;
    folder.write("t.json", content);
    const StateFile file(folder.path(), "t");
    EXPECT_EQ(file.loaded().rejections, 0);
    EXPECT_FALSE(file.loaded().salt.empty());
  }
  const testing::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "t.json");
  StateFile file(folder.path(), "t");
  file.save(withRejections(1));
  file.flush().wait();
  EXPECT_TRUE(std::filesystem::is_directory(folder.path() / "t.json"));
  EXPECT_FALSE(StateFile({}, "t").loaded().salt.empty());
}

// A FIFO without a reader replaces the file that is written first: opening it blocks.
TEST(StateFileTest, AFolderThatDoesNotAnswerHoldsNobodyUpForLong) {
  const testing::TemporaryFolder folder;
  const auto fifo = folder.path() / "t.json.new";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const auto began = std::chrono::steady_clock::now();
  int reader = -1;
  {
    StateFile file(folder.path(), "t");
    file.save(withRejections(1));
    file.flush().wait();
    EXPECT_GE(std::chrono::steady_clock::now() - began, 1s) << "it waits for one second";
    const auto saved = std::chrono::steady_clock::now();
    file.save(withRejections(2));
    EXPECT_LT(std::chrono::steady_clock::now() - saved, 1s) << "save() does not wait";
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "t.json"));
    reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ::close(reader);
  EXPECT_EQ(StateFile(folder.path(), "t").loaded().rejections, 2);
}

}  // namespace
}  // namespace postern::session
