#include "credentials/credential_store.h"

#include <gtest/gtest.h>

#include "fakes/fake_clock.h"
#include "fakes/fake_source.h"

namespace postern::credentials {
namespace {

using namespace std::chrono_literals;

class CredentialStoreTest : public ::testing::Test {
 protected:
  CredentialStore make(const Schedule& schedule) {
    return {std::make_unique<testing::FakeSource>(source),
            "t",
            schedule,
            config::BackoffOptions{},
            "salt",
            clock,
            [] { return 0.5; }};
  }
  static Deadline soon() { return deadlineIn(1s); }

  testing::FakeClock clock;
  testing::SourceState source;
};

TEST_F(CredentialStoreTest, KeepsTheLastGoodCredentialWhileTheSourceCannotBeAsked) {
  auto store = make(Schedule::database(3600s));
  source.gives("u", "p");
  ASSERT_TRUE(store.refresh(soon()));
  const auto good_at = clock.system();
  source.fails(Fault::CredentialSource);
  clock.advance(10s);

  const auto again = store.refresh(soon());

  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->credential.username, "u");
  EXPECT_EQ(store.status().last_success, good_at);
  EXPECT_EQ(store.status().failed_loads, 1U);
  EXPECT_EQ(store.status().error, "made to fail");
}

TEST_F(CredentialStoreTest, LeavesTimeToGoOnWithTheLastCredential) {
  auto store = make(Schedule::database(3600s));
  source.gives("u", "p");
  ASSERT_TRUE(store.refresh(deadlineIn(60s)));
  EXPECT_GT(source.patience, 50s) << "no credential to continue with yet";

  ASSERT_TRUE(store.refresh(deadlineIn(60s)));

  EXPECT_LE(source.patience, 20s);
}

TEST_F(CredentialStoreTest, LetsGoOfACredentialThatItsSourceNoLongerHas) {
  auto store = make(Schedule::mounted());
  source.gives("u", "p");
  ASSERT_TRUE(store.refresh(soon()));
  source.fails(Fault::NoCredential);
  const auto gone = store.refresh(soon());
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().fault, Fault::NoCredential);
  EXPECT_EQ(store.current(), nullptr);
}

TEST_F(CredentialStoreTest, AsksAFailingSourceOnceASecond) {
  auto store = make(Schedule::mounted());
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(store.refresh(soon()));
  EXPECT_EQ(source.loads, 1);
  clock.advance(1s);
  EXPECT_FALSE(store.refresh(soon()));
  EXPECT_EQ(source.loads, 2);
}

TEST_F(CredentialStoreTest, LeavesADatabaseThatDeniesUsAlone) {
  auto store = make(Schedule::database(3600s));
  source.fails(Fault::LoginRejected);
  const auto denied = store.refresh(soon());
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().fault, Fault::CredentialSource);
  clock.advance(29s);
  EXPECT_FALSE(store.refresh(soon()));
  EXPECT_EQ(source.loads, 1);
  clock.advance(31s);
  EXPECT_FALSE(store.refresh(soon()));
  EXPECT_EQ(source.loads, 2);
}

TEST_F(CredentialStoreTest, ReadsASourceThatHasMovedAtOnce) {
  auto store = make(Schedule::database(3600s));
  source.gives("u", "p");
  ASSERT_TRUE(store.refresh(soon()));
  store.poll(soon());
  EXPECT_EQ(source.loads, 1);
  source.gives("u", "q");
  source.moved = true;
  store.poll(soon());
  EXPECT_EQ(source.loads, 2);
  EXPECT_EQ(store.current()->credential.password.reveal(), "q");
  store.poll(soon());
  EXPECT_EQ(source.loads, 2);
}

TEST_F(CredentialStoreTest, AsksADatabaseThatDeniesUsAgainWhenItHasMovedButNotForEver) {
  auto store = make(Schedule::database(3600s));
  source.fails(Fault::LoginRejected);
  EXPECT_FALSE(store.refresh(soon()));
  EXPECT_EQ(source.loads, 1);
  for (int move = 0; move < 20; ++move) {
    clock.advance(2s);
    source.moved = true;
    store.poll(soon());
  }
  EXPECT_EQ(source.loads, 4) << "at most three changes end the wait";
  source.gives("u", "p");
  clock.advance(15min);
  store.poll(soon());
  EXPECT_EQ(source.loads, 5);
  EXPECT_NE(store.current(), nullptr);
}

TEST_F(CredentialStoreTest, LooksForAnotherCredentialSoonAfterARejection) {
  auto store = make(Schedule::database(3600s));
  source.gives("u", "p");
  ASSERT_TRUE(store.refresh(soon()));
  clock.advance(60s);
  store.poll(soon());
  EXPECT_EQ(source.loads, 1);

  store.rejected();
  clock.advance(10s);
  store.poll(soon());
  EXPECT_EQ(source.loads, 2);
  clock.advance(4min);
  store.poll(soon());
  EXPECT_EQ(source.loads, 2);
  clock.advance(2min);
  store.poll(soon());
  EXPECT_EQ(source.loads, 3);

  store.accepted();
  clock.advance(6min);
  store.poll(soon());
  EXPECT_EQ(source.loads, 4) << "the wait that was set while rejected ends";
  clock.advance(30min);
  store.poll(soon());
  EXPECT_EQ(source.loads, 4);
}

TEST_F(CredentialStoreTest, CountsOnlyReadsThatBroughtSomethingNew) {
  auto store = make(Schedule::mounted());
  source.gives("u", "p");
  for (int i = 0; i < 5; ++i) {
    store.poll(soon());
    clock.advance(1s);
  }
  EXPECT_EQ(source.loads, 5);
  EXPECT_EQ(store.status().changes, 1U);
  const auto before = store.current()->fingerprint();
  source.gives("u", "q");
  store.poll(soon());
  EXPECT_EQ(store.status().changes, 2U);
  EXPECT_NE(store.current()->fingerprint(), before);
}

TEST(FingerprintTest, DistinguishesCredentials) {
  const auto of = [](const char* user, const char* password, const char* salt) {
    return Fingerprinted({user, Secret(password), {}, {}, ""}, salt).fingerprint();
  };
  EXPECT_EQ(of("a", "b", "s"), of("a", "b", "s"));
  EXPECT_NE(of("a", "b", "s"), of("a", "b", "t"));
  EXPECT_NE(of("ab", "", "s"), of("a", "b", "s"));
  EXPECT_EQ(of("a", "b", "s").size(), 64U);
}

}  // namespace
}  // namespace postern::credentials
