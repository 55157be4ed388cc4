#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "fakes/certificates.h"

namespace postern {
namespace {

class FileTest : public ::testing::Test {
 protected:
  std::string read(const std::filesystem::path& file, std::size_t limit = 1024) {
    error_ = readFile(file, limit, content_);
    return content_;
  }
  void expectError(FileErrorReason reason, const std::string& what) {
    ASSERT_TRUE(error_);
    EXPECT_EQ(error_->reason, reason);
    EXPECT_EQ(error_->what, what);
    EXPECT_EQ(content_, "");
  }

  testing::TemporaryFolder folder_;
  std::string content_ = "of before";
  std::optional<FileError> error_;
};

TEST_F(FileTest, ReadsAWholeFile) {
  std::string text(100'000, 'x');
  text[5] = '\0';
  EXPECT_EQ(read(folder_.write("a", text), 100'000), text);
  EXPECT_FALSE(error_);
}

TEST_F(FileTest, FollowsTheLinksOfAProjectedVolume) {
  folder_.write("..2026/token", "secret");
  std::filesystem::create_symlink("..2026", folder_.path() / "..data");
  std::filesystem::create_symlink("..data/token", folder_.path() / "token");
  EXPECT_EQ(read(folder_.path() / "token"), "secret");
}

TEST_F(FileTest, ReadsFilesOfProc) {
  EXPECT_THAT(read("/proc/self/stat"), ::testing::Not(::testing::IsEmpty()));
}

TEST_F(FileTest, GivesNothingOfAFileThatIsTooLarge) {
  read(folder_.write("a", std::string(1025, 'x')));
  expectError(FileErrorReason::TooLarge, "larger than 1 KiB");
  read(folder_.write("b", std::string((1U << 20) + 1, 'x')), 1U << 20);
  expectError(FileErrorReason::TooLarge, "larger than 1 MiB");
}

TEST_F(FileTest, SaysWhyAFileCannotBeRead) {
  read(folder_.path() / "missing");
  expectError(FileErrorReason::Missing, "No such file or directory");
  read(folder_.write("file", "") / "below");
  expectError(FileErrorReason::Missing, "Not a directory");
  read(folder_.path());
  expectError(FileErrorReason::Directory, "Is a directory");
  read("/dev/zero");
  expectError(FileErrorReason::NotRegular, "not a regular file");
  std::filesystem::create_symlink("loop", folder_.path() / "loop");
  read(folder_.path() / "loop");
  expectError(FileErrorReason::Failed, "Too many levels of symbolic links");
}

// Its first page is not mapped.
TEST_F(FileTest, AReadErrorIsAnError) {
  read("/proc/self/mem");
  expectError(FileErrorReason::Failed, "Input/output error");
}

TEST_F(FileTest, DoesNotWaitForTheWriterOfAFifo) {
  const auto fifo = folder_.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  read(fifo);
  expectError(FileErrorReason::NotRegular, "not a regular file");
}

TEST_F(FileTest, ReadsASecret) {
  Secret secret;
  EXPECT_FALSE(readFile(folder_.write("a", "hunter2"), 1024, secret));
  EXPECT_EQ(secret.reveal(), "hunter2");
  EXPECT_TRUE(readFile(folder_.path(), 1024, secret));
  EXPECT_TRUE(secret.empty());
}

TEST_F(FileTest, AnInputMayBeAFifo) {
  const auto fifo = folder_.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  std::jthread writer([&] { std::ofstream(fifo) << "page 1\n"; });
  EXPECT_FALSE(readInput(fifo, 1024, content_));
  EXPECT_EQ(content_, "page 1\n");
}

TEST_F(FileTest, AnInputIsBoundedAndNoDirectory) {
  error_ = readInput("/dev/zero", 1024, content_);
  expectError(FileErrorReason::TooLarge, "larger than 1 KiB");
  error_ = readInput(folder_.path(), 1024, content_);
  expectError(FileErrorReason::Directory, "Is a directory");
}

TEST_F(FileTest, ReplacesAFileAsAWhole) {
  const auto file = folder_.write("state", "old");
  EXPECT_EQ(replaceFile(file, "new"), 0);
  EXPECT_EQ(read(file), "new");
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".new"));
}

TEST_F(FileTest, KeepsTheOldFileWhenTheNewOneCannotBeWritten) {
  std::filesystem::create_directory(folder_.path() / "folder");
  folder_.write("folder/file", "");
  EXPECT_EQ(replaceFile(folder_.path() / "folder", "new"), EISDIR);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "folder.new"));
  EXPECT_EQ(replaceFile(folder_.path() / "missing" / "state", "new"), ENOENT);
}

}  // namespace
}  // namespace postern
