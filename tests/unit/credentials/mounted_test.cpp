#include "credentials/mounted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "fakes/certificates.h"

namespace postern::credentials {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class MountedTest : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) const {
    return temporary_.write(name, text);
  }

  // As the kubelet does: one folder per generation, and a new symlink that is renamed over the old
  // one.
  void mountGeneration(int number) const {
    const auto suffix = std::to_string(number);
    const auto generation = "..gen" + suffix;
    write(generation + "/username", "user" + suffix);
    write(generation + "/password", "password" + suffix);
    fs::create_directory_symlink(generation, folder_ / "..data_tmp");
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
    fs::remove_all(folder_ / ("..gen" + std::to_string(number - 1)));
  }

  Result<Credential> load(config::FileCredentials files) const {
    return MountedSource(std::move(files)).load(deadlineIn(std::chrono::seconds(5)));
  }
  Result<Credential> loadFolder() const {
    config::FileCredentials files;
    files.directory = folder_;
    return load(files);
  }

  testing::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(MountedTest, ReadsADirectory) {
  write("username", "scraper\n");
  write("password", " p;a ss\"' \n");
  write("api_key", "key\r\n");
  write("token", "token");

  const auto credential = loadFolder();

  ASSERT_TRUE(credential) << credential.error().what;
  EXPECT_EQ(credential->username, "scraper");
  EXPECT_EQ(credential->password.reveal(), " p;a ss\"' ");
  EXPECT_EQ(credential->api_key.reveal(), "key");
  EXPECT_EQ(credential->token.reveal(), "token");
}

TEST_F(MountedTest, TakesInlineValuesBesideFiles) {
  config::FileCredentials files;
  files.username = "scraper";
  files.password_file = write("elsewhere", "secret\n");

  const auto credential = load(files);

  ASSERT_TRUE(credential) << credential.error().what;
  EXPECT_EQ(credential->username, "scraper");
  EXPECT_EQ(credential->password.reveal(), "secret");
}

TEST_F(MountedTest, TakesHalfOfAUserAndPasswordForBasicAuthAlone) {
  for (const bool user : {true, false}) {
    config::FileCredentials files;
    (user ? files.username_file : files.password_file) = write("half", "hunter2\n");
    EXPECT_FALSE(load(files));
    files.half_allowed = true;
    const auto credential = load(files);
    ASSERT_TRUE(credential) << credential.error().what;
    EXPECT_EQ(credential->username, user ? "hunter2" : "");
    EXPECT_EQ(credential->password.reveal(), user ? "" : "hunter2");
  }
}

TEST_F(MountedTest, TakesAnApiKeyOrATokenAlone) {
  config::FileCredentials key;
  key.api_key = Secret("key");
  EXPECT_TRUE(load(key));

  config::FileCredentials token;
  token.token_file = write("token", "token");
  EXPECT_TRUE(load(token));
}

TEST_F(MountedTest, TakesOffOneLineEndOnly) {
  const auto keeps = [&](const std::string& text, const std::string& expected) {
    SCOPED_TRACE(expected);
    const auto secret = readSecretFile(write("secret", text));
    ASSERT_TRUE(secret) << secret.error().what;
    EXPECT_EQ(secret->reveal(), expected);
  };

  keeps("a", "a");
  keeps("a\n", "a");
  keeps("a\r\n", "a");
  keeps("a\n\n", "a\n");
  keeps("a\r", "a\r");
  keeps(" a ", " a ");
  keeps(std::string(kMaxSecretFile, 'a'), std::string(kMaxSecretFile, 'a'));
}

TEST_F(MountedTest, NamesTheFileThatIsMissingOrEmpty) {
  const auto refuses = [&](const std::string& file) {
    SCOPED_TRACE(file);
    const auto credential = loadFolder();
    ASSERT_FALSE(credential);
    EXPECT_EQ(credential.error().fault, Fault::NoCredential);
    EXPECT_THAT(credential.error().what,
                AllOf(HasSubstr((folder_ / file).string()), HasSubstr("mount a secret")));
  };

  // Nothing
  refuses("username");
  // One of the two files
  write("username", "scraper");
  refuses("password");
  // Empty
  write("password", "\n");
  refuses("password");
  write("username", "");
  write("password", "secret");
  refuses("username");
}

TEST_F(MountedTest, NamesTheDirectoryThatIsMissing) {
  config::FileCredentials files;
  files.directory = folder_ / "absent";

  const auto credential = load(files);

  ASSERT_FALSE(credential);
  EXPECT_EQ(credential.error().fault, Fault::NoCredential);
  EXPECT_THAT(credential.error().what,
              AllOf(HasSubstr((folder_ / "absent").string()), HasSubstr("does not exist")));
}

TEST_F(MountedTest, RefusesANamedFileThatCannotBeUsed) {
  const auto refuses = [&](const fs::path& file, const std::string& error_text) {
    SCOPED_TRACE(error_text);
    config::FileCredentials files;
    files.username = "scraper";
    files.password_file = file;
    const auto credential = load(files);
    ASSERT_FALSE(credential);
    EXPECT_EQ(credential.error().fault, Fault::NoCredential);
    EXPECT_THAT(credential.error().what, AllOf(HasSubstr(file.string()), HasSubstr(error_text)));
  };
  const auto fifo = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);

  refuses(folder_ / "absent", "does not exist");
  refuses(write("empty", ""), "is empty");
  refuses(write("newline", "\n"), "is empty");
  refuses(write("long", std::string(kMaxSecretFile + 1, 'a')), "longer than 64 KiB");
  refuses(folder_, "not a regular file");
  refuses(fifo, "not a regular file");
}

TEST_F(MountedTest, SaysThatAFileCannotBeAsked) {
  config::FileCredentials files;
  files.username = "scraper";
  files.password_file = folder_ / "loop";
  fs::create_symlink("loop", files.password_file);

  const auto credential = load(files);

  ASSERT_FALSE(credential);
  EXPECT_EQ(credential.error().fault, Fault::CredentialSource);
  EXPECT_THAT(credential.error().what, HasSubstr("cannot be read"));
}

TEST_F(MountedTest, RefusesWhatAHeaderCannotCarryAndQuotesNothing) {
  const auto refuses = [&](const std::string& name, const std::string& text,
                           const std::string& error_text) {
    SCOPED_TRACE(error_text);
    write("username", "scraper");
    write("password", "secret");
    fs::remove(folder_ / "api_key");
    fs::remove(folder_ / "token");
    write(name, text);
    const auto credential = loadFolder();
    ASSERT_FALSE(credential);
    EXPECT_EQ(credential.error().fault, Fault::NoCredential);
    EXPECT_THAT(credential.error().what, AllOf(HasSubstr(folder_.string()), HasSubstr(error_text),
                                               Not(HasSubstr("hunter2"))));
  };

  refuses("username", "a:hunter2", "the username holds a colon");
  refuses("username", "a\nhunter2", "the username holds a line end");
  refuses("username", "a\rhunter2", "the username holds a line end");
  refuses("username", "a\thunter2", "another control character");
  refuses("password", "hunter2\nhunter2", "the password holds a line end");
  refuses("password", std::string("hunter2\0", 8), "the password holds a line end or NUL");
  refuses("api_key", "hunter2\r\nX: y", "the api_key holds a line end");
  refuses("token", "hunter2\nX: y", "the token holds a line end");
}

TEST_F(MountedTest, SeesTheNextGenerationOfAMount) {
  mountGeneration(1);
  fs::create_symlink("..data/username", folder_ / "username");
  fs::create_symlink("..data/password", folder_ / "password");
  config::FileCredentials files;
  files.directory = folder_;
  MountedSource source(files);

  const auto first = source.load(deadlineIn(std::chrono::seconds(5)));
  mountGeneration(2);
  const auto second = source.load(deadlineIn(std::chrono::seconds(5)));

  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->username, "user1");
  EXPECT_EQ(second->username, "user2");
  EXPECT_EQ(second->password.reveal(), "password2");
}

TEST_F(MountedTest, NeverMixesTwoGenerations) {
  mountGeneration(1);
  fs::create_symlink("..data/username", folder_ / "username");
  fs::create_symlink("..data/password", folder_ / "password");
  std::atomic<bool> enough = false;
  std::thread kubelet([&] {
    for (int number = 2; !enough; ++number) mountGeneration(number);
  });

  int whole = 0;
  int mixed = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto credential = loadFolder();
    if (!credential) continue;  // changed ten times while it was read
    const auto generation = credential->username.substr(4);
    ++(credential->password.reveal() == "password" + generation ? whole : mixed);
  }
  enough = true;
  kubelet.join();

  EXPECT_GT(whole, 0);
  EXPECT_EQ(mixed, 0);
}

}  // namespace
}  // namespace postern::credentials
