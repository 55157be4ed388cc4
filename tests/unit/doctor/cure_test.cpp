#include "doctor/cure.h"

#include <gmock/gmock.h>

namespace postern::doctor {
namespace {

using ::testing::HasSubstr;

config::Target guarded() {
  config::Target target;
  target.url.host = "wa";
  target.credentials.emplace().file.emplace().directory = "/credentials";
  return target;
}

TEST(CureTest, TakesTheCureFromTheEndOfAnErrorThatHoldsOne) {
  const auto splits = [](Fault fault, const std::string& text, const std::string& what,
                         const std::string& cure) {
    SCOPED_TRACE(text);
    const auto step = failedStep("tls", {fault, text, "", {}}, guarded());
    EXPECT_EQ(step.state, State::Failed);
    EXPECT_EQ(step.what, what);
    EXPECT_EQ(step.cure, cure);
  };

  splits(Fault::Tls, "/tls/tls.key: no such file: mount it, or correct the file name",
         "/tls/tls.key: no such file", "mount it, or correct the file name");
  // Not within brackets
  splits(Fault::Tls,
         "/k: permission denied: let the user read it (in Kubernetes: defaultMode 0440)",
         "/k: permission denied", "let the user read it (in Kubernetes: defaultMode 0440)");
  splits(Fault::Resolve, "no address for a: Name or service not known: check the host in the url",
         "no address for a: Name or service not known", "check the host in the url");
  splits(Fault::NoCredential, "/c/password is empty: write the secret into it",
         "/c/password is empty", "write the secret into it");
}

TEST(CureTest, HasOneSentenceForEveryFault) {
  for (const auto& info : kFaults) {
    SCOPED_TRACE(info.name);
    const auto cure = cureOf({info.fault, "it went wrong", "", {}}, guarded());
    EXPECT_FALSE(cure.empty());
    EXPECT_FALSE(cure.ends_with('.'));
  }
}

TEST(CureTest, KnowsWhatAnErrorIsAbout) {
  const auto cures = [](Fault fault, const std::string& text, const std::string& cure) {
    SCOPED_TRACE(text);
    EXPECT_THAT(cureOf({fault, text, "", {}}, guarded()), HasSubstr(cure));
  };

  cures(Fault::LoginRejected, "the login answered 401: user or password is wrong",
        "folder /credentials");
  cures(Fault::LoginRejected, "the service wants this user's first password to be changed",
        "change the password at the service");
  cures(Fault::LoginRejected,
        "the login answered 422: user or password is wrong, or the service expects another login",
        "if they are right, compare the login (url, method, body, token)");
  cures(Fault::LoginRejected, "the token endpoint answered 400 invalid_scope: correct scopes",
        "correct scopes");
  cures(Fault::Status, "answered 404", "the service knows no such page");
  cures(Fault::Status, "answered 302: redirected to \"x\"", "where the redirect leads");
  cures(Fault::Status, "answered 500", "the service's log");
  cures(Fault::Timeout, "timed out while connecting to wa:443", "firewalls");
  cures(Fault::Timeout, "the name service did not answer for wa", "name service");
  cures(Fault::Timeout, "timed out while reading the body", "raise scrape_timeout, now 10000 ms");
}

TEST(CureTest, SaysWhereACredentialComesFromAndNeverWhatItIs) {
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
}  // namespace postern::doctor
