#include "check/remedy.h"

#include <gmock/gmock.h>

namespace postern::check {
namespace {

using ::testing::HasSubstr;

config::Target guarded() {
  config::Target target;
  target.url.host = "wa";
  target.credentials.emplace().file.emplace().directory = "/credentials";
  return target;
}

TEST(RemedyTest, TakesTheRemedyOfTheErrorAndLeavesItOutOfTheProblem) {
  const auto splits = [](const Error& error, const std::string& what, const std::string& remedy) {
    SCOPED_TRACE(error.what);
    const auto step = failedStep("tls", error, guarded());
    EXPECT_EQ(step.state, StepState::Failed);
    EXPECT_EQ(step.what, what);
    EXPECT_EQ(step.remedy, remedy);
  };
  splits(withRemedy(Fault::Tls, "/tls/tls.key: no such file", "mount it"),
         "/tls/tls.key: no such file", "mount it");
  // Text of a library after a colon, which contains no remedy
  splits(withRemedy(Fault::Resolve, "no address for a: Name or service not known", "check it"),
         "no address for a: Name or service not known", "check it");
  // A remedy that is not in the sentence
  splits({Fault::Status, "answered 404", "", {}, "correct the path"}, "answered 404",
         "correct the path");
  // No remedy: the one of the fault
  splits({Fault::Tls, "a: b: c", "", {}}, "a: b: c", "see the service's log");
}

TEST(RemedyTest, HasOneSentenceForEveryFault) {
  for (const auto& info : kFaults) {
    SCOPED_TRACE(info.name);
    const auto remedy = remedyOf({info.fault, "it went wrong", "", {}}, guarded());
    EXPECT_FALSE(remedy.empty());
    EXPECT_FALSE(remedy.ends_with('.'));
  }
}

TEST(RemedyTest, KnowsWhatAnErrorIsAbout) {
  const auto advises = [](const Error& error, const std::string& remedy) {
    SCOPED_TRACE(error.what);
    EXPECT_THAT(remedyOf(error, guarded()), HasSubstr(remedy));
  };
  advises({Fault::LoginRejected, "the login answered 401: user or password is wrong", "", {}},
          "folder /credentials");
  advises({Fault::LoginRejected, "whatever the words are", "", {}, {}, Detail::PasswordChange},
          "change the password at the service, then write the new one into folder /credentials");
  advises({Fault::Timeout, "timed out while reading the body", "", {}},
          "raise scrape_timeout, now 10000 ms");
  advises({Fault::Status, "answered 500", "", {}}, "the service's log");
}

TEST(RemedyTest, SaysWhereACredentialComesFromAndNeverWhatItIs) {
  config::Credentials credentials;
  auto& file = credentials.file.emplace();
  file.username = "hunter";
  file.password = Secret("hunter2");
  EXPECT_EQ(placeOf(credentials), "the configuration");
  file.password_file = "/s/password";
  EXPECT_EQ(placeOf(credentials), "file /s/password");
  file.directory = "/credentials";
  EXPECT_EQ(placeOf(credentials), "folder /credentials");
  credentials.mysql.emplace().host = "db";
  credentials.mysql->database = "whatsapp";
  EXPECT_EQ(placeOf(credentials), "database whatsapp at db:3306");
}

}  // namespace
}  // namespace postern::check
