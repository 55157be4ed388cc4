#include "check/files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace postern::check {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FilesTest : public ::testing::Test {
 protected:
  FilesTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("files-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~FilesTest() override { std::filesystem::remove_all(folder_); }

  config::Path write(const std::string& name, mode_t mode) {
    const auto path = folder_ / name;
    std::ofstream(path) << "f1le-contents";
    ::chmod(path.c_str(), mode);
    return path;
  }
  static Step only(const config::Target& target) {
    const auto steps = examineFiles(target);
    EXPECT_EQ(steps.size(), 1U);
    return steps.front();
  }

  const config::Path folder_;
};

TEST_F(FilesTest, WarnsOfASecretThatEverybodyMayRead) {
  config::Target target;
  target.tls.key_file = write("tls.key", 0644);
  const auto open = only(target);
  EXPECT_EQ(open.state, StepState::Warning);
  EXPECT_THAT(open.what, HasSubstr("tls.key (client key): mode 0644, every user may read it"));
  EXPECT_THAT(open.remedy, HasSubstr("defaultMode 0440"));

  write("tls.key", 0440);
  EXPECT_EQ(only(target).state, StepState::Ok);
  EXPECT_THAT(only(target).what, HasSubstr("group"));

  // A CA is not secret
  target.tls.key_file.clear();
  target.tls.ca_file = write("ca.crt", 0644);
  EXPECT_EQ(only(target).state, StepState::Ok);
}

TEST_F(FilesTest, KnowsWhyASecretOfAPodWithoutFsGroupIsForEverybody) {
  struct Case {
    const char* name;
    bool in_volume;  // of Kubernetes
    uid_t user;
    std::vector<gid_t> groups;
    mode_t mode;
    StepState state;
    const char* words;
  };
  const uid_t owner = ::geteuid();
  const gid_t group = ::getegid();
  const uid_t other = owner + 65532;
  const gid_t another = group + 65532;
  const Case cases[] = {
      {"the injector's, without an fsGroup",
       true,
       other,
       {another},
       0444,
       StepState::Ok,
       "needs that in a pod without fsGroup; only containers that mount this volume see it"},
      {"the injector's, with an fsGroup",
       true,
       other,
       {another, group},
       0440,
       StepState::Ok,
       "group"},
      {"for everybody in spite of an fsGroup",
       true,
       other,
       {another, group},
       0444,
       StepState::Warning,
       "defaultMode 0440"},
      {"for everybody, own file", true, owner, {another}, 0444, StepState::Warning, "chmod o-r"},
      {"for everybody, and we are root", true, 0, {another}, 0444, StepState::Warning, "chmod o-r"},
      {"a folder of a machine", false, other, {another}, 0644, StepState::Warning, "chgrp"},
      {"a folder of a machine, of our group",
       false,
       other,
       {group},
       0644,
       StepState::Warning,
       "chmod o-r"},
  };
  const auto volume = folder_ / "volume";
  std::filesystem::create_directories(volume / "..2026");
  std::filesystem::create_directory_symlink("..2026", volume / "..data");
  write("volume/..2026/tls.key", 0444);
  std::filesystem::create_symlink("..data/tls.key", volume / "tls.key");
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    config::Target target;
    target.tls.key_file = each.in_volume ? volume / "tls.key" : write("tls.key", each.mode);
    ::chmod(target.tls.key_file.c_str(), each.mode);
    const auto steps = examineFiles(target, {each.user, each.groups});
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(steps[0].state, each.state);
    EXPECT_THAT(steps[0].what + " -> " + steps[0].remedy, HasSubstr(each.words));
  }
}

TEST_F(FilesTest, ChecksTheFilesOfHeaders) {
  config::Target target;
  target.http_headers = {{"X-Key", {}, {}, {write("key", 0644)}}};
  EXPECT_EQ(only(target).state, StepState::Warning);
  EXPECT_THAT(only(target).what, HasSubstr("key (header X-Key): mode 0644"));

  target.http_headers.clear();
  target.login.emplace().http_headers = {{"X-Key", {}, {}, {folder_ / "missing"}}};
  EXPECT_EQ(only(target).state, StepState::Failed);
  EXPECT_THAT(only(target).what, HasSubstr("missing (login's header X-Key) does not exist"));
}

TEST_F(FilesTest, SaysNothingOfASecretsContentsNotEvenItsLength) {
  config::Target target;
  target.credentials.emplace().file.emplace().directory = folder_;
  write("password", 0600);
  const auto step = only(target);
  EXPECT_THAT(step.what, Not(HasSubstr("bytes")));
  EXPECT_FALSE(step.details.contains("bytes"));
  EXPECT_THAT(step.details.dump(), Not(HasSubstr("f1le")));
}

TEST_F(FilesTest, ChecksTheFolderOfADatabase) {
  config::Target target;
  target.credentials.emplace().mysql.emplace().directory = folder_;
  write("host", 0644);
  write("database", 0644);
  write("password", 0644);
  write("ca.crt", 0644);
  const auto steps = examineFiles(target);
  ASSERT_EQ(steps.size(), 5U);
  EXPECT_EQ(steps[0].state, StepState::Ok);
  EXPECT_EQ(steps[2].state, StepState::Failed) << "username is missing";
  EXPECT_THAT(steps[2].what, HasSubstr("(database's username) does not exist"));
  EXPECT_EQ(steps[3].state, StepState::Warning) << "everybody may read the password";
  EXPECT_THAT(steps[4].what, HasSubstr("ca.crt (database's ca.crt)"));
}

TEST_F(FilesTest, NamesThePlaceWhereAMissingFileShouldBe) {
  write("ca.crt", 0644);
  config::Target target;
  target.tls.key_file = folder_ / "tls.key";
  auto step = only(target);
  EXPECT_EQ(step.state, StepState::Failed);
  EXPECT_THAT(step.what, HasSubstr("the folder " + folder_.string() + " (mount "));
  EXPECT_THAT(step.what, HasSubstr("exists and contains ca.crt"));
  EXPECT_THAT(step.remedy, HasSubstr("mount a volume that holds tls.key at " + folder_.string()));

  target.tls.key_file = folder_ / "none" / "tls.key";
  step = only(target);
  EXPECT_THAT(step.what, HasSubstr("the folder " + (folder_ / "none").string() +
                                   " does not exist, only " + folder_.string() + " (mount "));

  // A file of --tls.dir may be missing; its folder hardly
  target.tls.optional_files = true;
  EXPECT_EQ(only(target).state, StepState::Warning);
  target.tls.key_file = folder_ / "tls.key";
  EXPECT_EQ(only(target).state, StepState::Ok);
}

}  // namespace
}  // namespace postern::check
