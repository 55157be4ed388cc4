#include "tls/material_store.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include "unit/tls/mount.h"

namespace postern::tls {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using ::testing::HasSubstr;
using testing::Identity;
using testing::makeAuthority;
using testing::makeClient;
using testing::Use;

struct FixedClock final : Clock {
  SteadyTime steady() const override { return {}; }
  SystemTime system() const override { return now; }
  SystemTime now = std::chrono::system_clock::now();
};

class MaterialStoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Material> materialOf(const MaterialStore& store) {
    const auto current = store.current();
    return current ? *current : nullptr;
  }

  Identity ca = makeAuthority();
  Identity client = makeClient(ca);
  FixedClock clock;
  Mount mount;
};

TEST_F(MaterialStoreTest, TakesUpAChangedPair) {
  mount.ca(ca).pair(client);
  MaterialStore store(mount.config, "default", clock);
  const auto first = materialOf(store);
  ASSERT_TRUE(first);

  store.poll();
  EXPECT_EQ(materialOf(store), first);

  mount.pair(makeClient(ca));
  store.poll();
  EXPECT_NE(materialOf(store), first);
  EXPECT_EQ(store.status().reloads, 1U);
  EXPECT_EQ(store.status().failed_reloads, 0U);
}

TEST_F(MaterialStoreTest, KeepsTheLastGoodPairWhileANewOneIsHalfWritten) {
  mount.ca(ca).pair(client);
  MaterialStore store(mount.config, "default", clock);
  const auto first = materialOf(store);
  const auto next = makeClient(ca);

  mount.pair(next.certificate(), client.key());
  store.poll();
  store.poll();
  EXPECT_EQ(materialOf(store), first);
  EXPECT_EQ(store.status().failed_reloads, 1U);
  EXPECT_EQ(store.status().reloads, 0U);
  EXPECT_THAT(store.status().error, HasSubstr("does not match"));
  EXPECT_TRUE(store.status().loaded);

  mount.pair(next);
  store.poll();
  EXPECT_NE(materialOf(store), first);
  EXPECT_EQ(store.status().reloads, 1U);
  EXPECT_EQ(store.status().error, "");
}

TEST_F(MaterialStoreTest, TakesUpABundleAndItsPasswordTogether) {
  mount.ca(ca).bundle(client.bundle("one")).password("one");
  MaterialStore store(mount.config, "default", clock);
  const auto first = materialOf(store);
  ASSERT_TRUE(first);

  mount.bundle(client.bundle("two"));
  store.poll();
  EXPECT_EQ(materialOf(store), first);
  EXPECT_THAT(store.status().error, HasSubstr("does not open it"));

  mount.password("two");
  store.poll();
  EXPECT_NE(materialOf(store), first);
  EXPECT_EQ(store.status().error, "");
}

// As spiffe-helper does: each file separately, truncated and then written, without a link.
TEST_F(MaterialStoreTest, KeepsTheLastGoodPairWhileFilesAreWrittenInPlace) {
  mount.ca(ca).pair(client);
  MaterialStore store(mount.config, "default", clock);
  const auto first = materialOf(store);
  const auto next = makeClient(ca);
  const auto writes = [&](const std::string& name, const std::string& pem) {
    for (std::size_t size = 0; size < pem.size(); size += 50) {
      std::ofstream(mount.path(name), std::ios::trunc) << pem.substr(0, size);
      store.poll();
      EXPECT_EQ(materialOf(store), first) << name << " cut after " << size;
    }
    std::ofstream(mount.path(name), std::ios::trunc) << pem;
    store.poll();
  };

  writes("tls.crt", next.certificate());
  EXPECT_EQ(materialOf(store), first);
  writes("tls.key", next.key());
  const auto second = materialOf(store);
  EXPECT_NE(second, first);
  EXPECT_EQ(store.status().error, "");
}

TEST_F(MaterialStoreTest, CountsEachBadStateOnce) {
  mount.ca(ca).pair(client);
  MaterialStore store(mount.config, "default", clock);

  mount.pair("", client.key());
  store.poll();
  store.poll();
  mount.pair("nonsense", client.key());
  store.poll();
  store.poll();

  EXPECT_EQ(store.status().failed_reloads, 2U);
}

TEST_F(MaterialStoreTest, ReportsWhatIsMissingAtStartAndLoadsItWhenItAppears) {
  mount.config.cert_file = mount.path("tls.crt");
  mount.config.key_file = mount.path("tls.key");
  MaterialStore store(mount.config, "default", clock);
  const auto missing = store.current();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, Fault::Tls);
  EXPECT_THAT(missing.error().what, HasSubstr(mount.path("tls.crt").string() + ": no such file"));
  EXPECT_FALSE(store.status().loaded);

  mount.pair(client);
  store.poll();
  EXPECT_TRUE(store.current());
  EXPECT_TRUE(store.status().loaded);
  EXPECT_EQ(store.status().reloads, 0U);
}

// ..data is a link to a folder of one generation, and is replaced by rename(2).
TEST_F(MaterialStoreTest, NoticesTheSymlinkSwapOfKubernetes) {
  const testing::TemporaryFolder secret;
  const auto publish = [&](const std::string& generation, const Identity& identity) {
    secret.write(fs::path(generation) / "tls.crt", identity.certificate());
    secret.write(fs::path(generation) / "tls.key", identity.key());
    fs::create_directory_symlink(generation, secret.path() / "..data_tmp");
    fs::rename(secret.path() / "..data_tmp", secret.path() / "..data");
  };
  publish("..2026_1", client);
  for (const char* name : {"tls.crt", "tls.key"}) {
    fs::create_symlink(fs::path("..data") / name, secret.path() / name);
  }
  config::Tls config;
  config.cert_file = secret.path() / "tls.crt";
  config.key_file = secret.path() / "tls.key";
  MaterialStore store(config, "default", clock);
  const auto first = materialOf(store);
  ASSERT_TRUE(first);

  publish("..2026_2", makeClient(ca));
  fs::remove_all(secret.path() / "..2026_1");
  store.poll();

  EXPECT_NE(materialOf(store), first);
  EXPECT_EQ(store.status().reloads, 1U);
}

TEST_F(MaterialStoreTest, KeepsTheLastGoodMaterialWhenTheFilesVanish) {
  mount.ca(ca).pair(client);
  MaterialStore store(mount.config, "default", clock);
  const auto first = materialOf(store);

  fs::remove(mount.path("tls.crt"));
  store.poll();

  EXPECT_EQ(materialOf(store), first);
  EXPECT_EQ(store.status().failed_reloads, 1U);
}

TEST_F(MaterialStoreTest, TakesUpACertificateAsItsTimeComes) {
  mount.pair(ca.issue({.common_name = "early",
                       .names = {},
                       .use = Use::Client,
                       .begins = hours(2),
                       .ends = hours(4)}));
  MaterialStore store(mount.config, "default", clock);
  EXPECT_THAT(store.status().error, HasSubstr("is not yet valid"));

  clock.now += hours(3);
  store.poll();

  EXPECT_TRUE(store.current());
}

TEST_F(MaterialStoreTest, SwapsUnderItsReaders) {
  mount.pair(client);
  MaterialStore store(mount.config, "default", clock);
  std::atomic<int> misses = 0;

  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; ++i) {
      readers.emplace_back([&] {
        for (int reading = 0; reading < 2000; ++reading) {
          if (!store.current() || !store.status().loaded) ++misses;
        }
      });
    }
    for (int i = 0; i < 20; ++i) {
      mount.pair(i % 2 == 0 ? makeClient(ca) : client);
      store.poll();
    }
  }

  EXPECT_EQ(misses, 0);
  EXPECT_EQ(store.status().reloads, 20U);
}

TEST_F(MaterialStoreTest, KeepsACertificateThatExpiresWhileInUse) {
  mount.pair(client);
  MaterialStore store(mount.config, "default", clock);

  clock.now += hours(48);
  store.poll();

  EXPECT_TRUE(store.current());
  EXPECT_EQ(store.status().error, "");
}

}  // namespace
}  // namespace postern::tls
