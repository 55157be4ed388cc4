#include "web/basic_auth.h"
#include "base/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <semaphore>
#include <thread>

#include "web/bcrypt.h"

namespace postern::web {
namespace {

using AuthResult = BasicAuth::AuthResult;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string basic(std::string_view login) {
  return "Basic " + encodeBase64(login);
}

// A fake bcrypt: the hash is "of " and the password. Records its calls.
class BasicAuthTest : public ::testing::Test {
 protected:
  static BasicAuth::Users usersWith(
      std::initializer_list<std::pair<const char*, const char*>> all) {
    BasicAuth::Users users;
    for (const auto& [name, hash] : all) users.emplace(name, Secret(hash));
    return users;
  }
  BasicAuth::Matches matches() {
    return [&](std::string_view password, std::string_view hash) {
      asked.emplace_back(std::string(password) + " " + std::string(hash));
      return "of " + std::string(password) == hash;
    };
  }

  std::vector<std::string> asked;
  BasicAuth auth{usersWith({{"alice", "of wonder"}, {"bob", "of build:er"}}), matches()};
};

TEST_F(BasicAuthTest, LetsInWhoHasTheNameAndThePassword) {
  EXPECT_EQ(auth.verify(basic("alice:wonder")), AuthResult::Allowed);
  EXPECT_EQ(auth.verify(basic("bob:build:er")), AuthResult::Allowed);
  EXPECT_EQ(auth.verify("bAsIc " + encodeBase64("alice:wonder")), AuthResult::Allowed);
}

TEST_F(BasicAuthTest, RefusesEverythingElse) {
  for (const std::string login : {"alice:build:er", "alice:", ":wonder", "Alice:wonder",
                                  "alice:wonder ", "nobody:wonder", "alice", ":"}) {
    SCOPED_TRACE(login);
    EXPECT_EQ(auth.verify(basic(login)), AuthResult::Refused);
  }
  const std::string good = encodeBase64("alice:wonder");
  for (const std::string& header :
       {std::string(), std::string("Basic"), std::string("Basic "), good, "Bearer " + good,
        "Basic  " + good, "Basic " + good + " ", "Basic" + good, "Basic " + good.substr(1),
        std::string("Basic ====")}) {
    SCOPED_TRACE(header);
    EXPECT_EQ(auth.verify(header), AuthResult::Refused);
  }
}

TEST_F(BasicAuthTest, ComputesEachLoginOnce) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(auth.verify(basic("alice:wonder")), AuthResult::Allowed);
    EXPECT_EQ(auth.verify(basic("alice:wrong")), AuthResult::Refused);
  }
  EXPECT_THAT(asked, ElementsAre("wonder of wonder", "wrong of wonder"));
}

TEST_F(BasicAuthTest, ComputesSomeUsersHashForANameThatNobodyHas) {
  EXPECT_EQ(auth.verify(basic("mallory:wonder")), AuthResult::Refused);
  EXPECT_EQ(auth.verify(basic("mallory:build:er")), AuthResult::Refused);
  ASSERT_EQ(asked.size(), 2U);  // one of them was right for the hash that was taken
  const std::string hash = asked[0].substr(asked[0].find(" of"));
  EXPECT_TRUE(asked[1].ends_with(hash)) << asked[1];

  EXPECT_EQ(auth.verify(basic("mallory:wonder")), AuthResult::Refused);
  EXPECT_EQ(asked.size(), 2U);
}

TEST_F(BasicAuthTest, TakesEachUsersHashForSomeNamesThatNobodyHas) {
  for (int i = 0; i < 64; ++i) auth.verify(basic("nobody" + std::to_string(i) + ":x"));
  const auto took = [&](const std::string& hash) {
    return std::ranges::count_if(asked, [&](const auto& text) { return text.ends_with(hash); });
  };
  EXPECT_GT(took("of wonder"), 0);
  EXPECT_GT(took("of build:er"), 0);
}

TEST_F(BasicAuthTest, RemembersTheGoodOnesHoweverManyAreWrong) {
  auth.verify(basic("alice:wonder"));
  auth.verify(basic("bob:build:er"));
  for (std::size_t i = 0; i < 3 * BasicAuth::kWrongRemembered; ++i) {
    auth.verify(basic("alice:wrong" + std::to_string(i)));
  }
  asked.clear();
  EXPECT_EQ(auth.verify(basic("alice:wonder")), AuthResult::Allowed);
  EXPECT_EQ(auth.verify(basic("bob:build:er")), AuthResult::Allowed);
  EXPECT_THAT(asked, IsEmpty());
  EXPECT_EQ(auth.verify(basic("alice:wrong0")), AuthResult::Refused);
  EXPECT_EQ(asked.size(), 1U);  // forgotten, so computed again
}

// A bcrypt that blocks until the test releases it.
class SlowAuthTest : public ::testing::Test {
 protected:
  std::future<AuthResult> asks(const std::string& login) {
    return std::async(std::launch::async, [this, login] { return auth.verify(basic(login)); });
  }
  static BasicAuth::Users alice() {
    BasicAuth::Users users;
    users.emplace("alice", Secret("of wonder"));
    return users;
  }

  std::counting_semaphore<> go{0};
  std::counting_semaphore<> begun{0};
  std::atomic<int> at_once = 0;
  std::atomic<int> most_at_once = 0;
  std::atomic<int> computed = 0;
  BasicAuth auth{alice(), [this](std::string_view password, std::string_view hash) {
                   const int now = ++at_once;
                   if (now > most_at_once) most_at_once = now;
                   begun.release();
                   go.acquire();
                   --at_once;
                   ++computed;
                   return "of " + std::string(password) == hash;
                 }};
};

TEST_F(SlowAuthTest, ComputesOneAtATimeAndAnswersTheOthersBusy) {
  auto first = asks("alice:0");
  begun.acquire();
  // Requests beyond the limit are answered at once; the others wait until the test releases them.
  constexpr std::size_t kAsked = BasicAuth::kMostWaiting + 3;
  std::latch answered(3);
  std::atomic<int> busy = 0;
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i <= kAsked; ++i) {
    others.emplace_back([&, i] {
      if (auth.verify(basic("alice:" + std::to_string(i))) != AuthResult::Busy) return;
      ++busy;
      answered.count_down();
    });
  }
  answered.wait();
  go.release(static_cast<std::ptrdiff_t>(1 + BasicAuth::kMostWaiting));
  others.clear();

  EXPECT_EQ(first.get(), AuthResult::Refused);
  EXPECT_EQ(busy, 3);
  EXPECT_EQ(computed, static_cast<int>(1 + BasicAuth::kMostWaiting));
  EXPECT_EQ(most_at_once, 1);
}

TEST_F(SlowAuthTest, ComputesALoginOnceForAllThatWaitForIt) {
  go.release();
  std::vector<std::future<AuthResult>> all;
  for (std::size_t i = 0; i <= BasicAuth::kMostWaiting; ++i) all.push_back(asks("alice:wonder"));
  for (auto& one : all) EXPECT_EQ(one.get(), AuthResult::Allowed);
  EXPECT_EQ(computed, 1);
}

TEST_F(SlowAuthTest, AnswersWhatItRemembersWhileItComputes) {
  go.release();
  ASSERT_EQ(auth.verify(basic("alice:wonder")), AuthResult::Allowed);
  begun.acquire();
  auto guess = asks("alice:guess");
  begun.acquire();
  EXPECT_EQ(auth.verify(basic("alice:wonder")), AuthResult::Allowed);
  go.release();
  EXPECT_EQ(guess.get(), AuthResult::Refused);
}

TEST(BcryptTest, KnowsWhatOthersHaveComputed) {
  const auto matches = [](std::string_view password, std::string_view hash) {
    SCOPED_TRACE(hash);
    EXPECT_TRUE(matchesBcrypt(password, hash));
    EXPECT_FALSE(matchesBcrypt(std::string(password) + "x", hash));
    EXPECT_FALSE(matchesBcrypt("", hash));
  };
  // From the tests of libxcrypt and Openwall, and exporter-toolkit's hash for unknown users.
  matches("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
  matches("\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq");
  matches("\xa3", "$2a$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq");
  matches("\xa3", "$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq");
  matches("fakepassword", "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi");
}

TEST(BcryptTest, CountsTheFirst72BytesAsGoDoes) {
  const std::string hash = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
  const std::string longest =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  EXPECT_TRUE(matchesBcrypt(longest, hash));
  EXPECT_TRUE(matchesBcrypt(longest + "chars after 72 are ignored", hash));
  EXPECT_FALSE(matchesBcrypt(longest.substr(0, 71), hash));
}

TEST(BcryptTest, TakesASaltWhoseUnusedBitsAreSet) {
  EXPECT_TRUE(matchesBcrypt("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC/E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

TEST(BcryptTest, IsNotEndedByANulByte) {
  const std::string hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  EXPECT_FALSE(matchesBcrypt(std::string_view("U*U\0more", 8), hash));
  EXPECT_FALSE(matchesBcrypt(std::string_view("\0", 1), hash));
}

TEST(BcryptTest, MatchesNothingAgainstWhatIsNoHash) {
  EXPECT_FALSE(matchesBcrypt("x", ""));
  EXPECT_FALSE(matchesBcrypt("x", "*0"));
  EXPECT_FALSE(matchesBcrypt("x", std::string(60, '*')));
}

}  // namespace
}  // namespace postern::web
