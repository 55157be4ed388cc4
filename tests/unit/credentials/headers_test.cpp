#include "credentials/headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "fakes/certificates.h"

namespace postern::credentials {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HeadersTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    return temporary_.write(name, text);
  }
  static Result<SecretHeaders> readFile(const std::filesystem::path& file) {
    return readHeaders({{"X-Api-Key", {}, {}, {file}}});
  }

  testing::TemporaryFolder temporary_;
};

TEST_F(HeadersTest, GivesValuesSecretsAndFilesInThisOrder) {
  const config::HttpHeaders headers = {
      {"A", {"1", "2"}, {Secret("3")}, {write("four", "4\n"), write("five", "5")}},
      {"B", {}, {Secret("6")}, {}}};
  const auto read = readHeaders(headers);
  ASSERT_TRUE(read) << read.error().what;
  std::string text;
  for (const auto& [name, value] : *read) text += name + std::string(value.reveal()) + ' ';
  EXPECT_EQ(text, "A1 A2 A3 A4 A5 B6 ");
}

TEST_F(HeadersTest, ReadsAFileEachTimeAndCutsTheSpaceAroundItsValue) {
  const auto file = write("key", " \t\r\n a key\r\n\n ");
  auto read = readFile(file);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->at(0).second.reveal(), "a key");
  write("key", "another");
  read = readFile(file);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at(0).second.reveal(), "another");
}

TEST_F(HeadersTest, NamesHeaderAndFileAndNeverTheValue) {
  const auto refuses = [](const std::filesystem::path& file, const std::string& why) {
    SCOPED_TRACE(file);
    const auto read = readFile(file);
    ASSERT_FALSE(read);
    EXPECT_EQ(faultName(read.error().fault), faultName(Fault::NoCredential));
    EXPECT_THAT(read.error().what, HasSubstr("header X-Api-Key: " + file.string() + why));
    EXPECT_THAT(read.error().what, Not(HasSubstr("hunter2")));
  };
  refuses(temporary_.path() / "missing", " does not exist: mount it");
  refuses(temporary_.path(), " is not a regular file");
  refuses(write("empty", ""), " is empty: write the secret into it");
  refuses(write("spaces", " \n\n"), " holds only spaces: write the value into it");
  refuses(write("lines", "hunter2\nHost: b"), " holds a line end or another control character");
  refuses(write("zero", std::string("hunter2\0", 8)), " holds a line end or another control");
}

}  // namespace
}  // namespace postern::credentials
