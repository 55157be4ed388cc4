#include "web/web_config_store.h"

#include <crypt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "fakes/certificates.h"
#include "fakes/fake_clock.h"

namespace postern::web {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Identity;
using ::testing::IsEmpty;
using testing::makeAuthority;
using testing::makeServer;
using ::testing::Pair;

// With the lowest cost.
std::string hashOf(const std::string& password) {
  return crypt(password.c_str(), "$2b$04$abcdefghijklmnopqrstuu");
}

http::Request asking(const std::string& authorization = "") {
  return {"GET", "/metrics", "", {{"authorization", authorization}}};
}
const std::string kAlice = "Basic YWxpY2U6d29uZGVy";  // alice:wonder

// The subject of the certificate that a new connection gets; empty: none.
const X509* shownBy(const WebConfigStore& lock) {
  const auto context = lock.now()->tls;
  return context ? SSL_CTX_get0_certificate(context.get()) : nullptr;
}

class WebConfigStoreTest : public ::testing::Test {
 protected:
  void writes(const std::string& yaml) { folder.write("web.yml", yaml); }
  void mounts(const Identity& identity) {
    folder.write("server.crt", identity.certificate());
    folder.write("server.key", identity.key());
  }
  WebConfigStore::Files files() const { return {folder.path() / "web.yml", {}}; }
  static bool same(const X509* shown, const Identity& identity) {
    return shown != nullptr && X509_cmp(shown, identity.x509()) == 0;
  }

  const std::string tls = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n";
  const std::string users = "basic_auth_users:\n  alice: " + hashOf("wonder") + "\n";
  testing::TemporaryFolder folder;
  Identity authority = makeAuthority();
  Identity first = makeServer(authority, {"postern.internal"});
  Identity second = makeServer(authority, {"postern.internal"});
  testing::FakeClock clock;
};

TEST_F(WebConfigStoreTest, LetsEverybodyInWithoutAFile) {
  WebConfigStore lock({}, clock);
  lock.poll();
  EXPECT_FALSE(lock.status().configured);
  EXPECT_EQ(lock.now()->tls, nullptr);
  EXPECT_THAT(lock.now()->headers, IsEmpty());
  EXPECT_TRUE(lock.now()->judge(asking()).allowed);
}

TEST_F(WebConfigStoreTest, LetsEverybodyInWhenTheFileIsEmpty) {
  writes("");
  WebConfigStore lock(files(), clock);
  EXPECT_THAT(lock.startErrors(), IsEmpty());
  EXPECT_TRUE(lock.status().configured);
  EXPECT_TRUE(lock.status().reload_successful);
  EXPECT_EQ(lock.now()->tls, nullptr);
  EXPECT_TRUE(lock.now()->judge(asking()).allowed);
}

TEST_F(WebConfigStoreTest, LetsNobodyInWhenTheFileIsBroken) {
  writes("basic_auth_user: {}\n");
  const WebConfigStore lock(files(), clock);
  ASSERT_EQ(lock.startErrors().size(), 1U);
  EXPECT_THAT(lock.startErrors()[0].text(), HasSubstr("web.yml:1:1: basic_auth_user: unknown key"));
  EXPECT_TRUE(lock.status().closed);
  EXPECT_NE(lock.now()->tls, nullptr);
  EXPECT_EQ(shownBy(lock), nullptr);
}

TEST_F(WebConfigStoreTest, AsksForANameAndAPassword) {
  writes(users);
  const WebConfigStore lock(files(), clock);
  const auto snapshot = lock.now();

  EXPECT_TRUE(snapshot->judge(asking(kAlice)).allowed);
  for (const auto* wrong : {"", "Basic YWxpY2U6d3Jvbmc=", "Bearer x"}) {
    const auto verdict = snapshot->judge(asking(wrong));
    EXPECT_FALSE(verdict.allowed);
    EXPECT_EQ(verdict.head.status, 401);
    EXPECT_THAT(verdict.head.headers,
                ElementsAre(Pair("WWW-Authenticate", "Basic realm=\"postern\"")));
    EXPECT_EQ(verdict.body, "unauthorized: user name and password are required\n");
  }
  EXPECT_THAT(lock.status().refused, ElementsAre(3, 0, 0));
}

TEST_F(WebConfigStoreTest, LimitsTheRateBeforeItAsksForAPassword) {
  writes(users + "rate_limit: {interval: 10s, burst: 2}\n");
  const WebConfigStore lock(files(), clock);
  const auto snapshot = lock.now();
  EXPECT_TRUE(snapshot->judge(asking(kAlice)).allowed);
  EXPECT_EQ(snapshot->judge(asking()).head.status, 401);

  const auto verdict = snapshot->judge(asking(kAlice));
  EXPECT_FALSE(verdict.allowed);
  EXPECT_EQ(verdict.head.status, 429);
  EXPECT_THAT(verdict.head.headers, ElementsAre(Pair("Retry-After", "10")));
  EXPECT_THAT(lock.status().refused, ElementsAre(1, 1, 0));
  clock.advance(10s);
  EXPECT_TRUE(snapshot->judge(asking(kAlice)).allowed);
}

TEST_F(WebConfigStoreTest, AnswersEveryRequestWith429WithoutABurst) {
  writes("rate_limit: {interval: 1s}\n");
  const WebConfigStore lock(files(), clock);
  const auto verdict = lock.now()->judge(asking());
  EXPECT_EQ(verdict.head.status, 429);
  EXPECT_THAT(verdict.head.headers, IsEmpty());
}

TEST_F(WebConfigStoreTest, TellsTheHeadersOfEveryAnswer) {
  writes("http_server_config: {headers: {X-Frame-Options: deny}}\n");
  const WebConfigStore lock(files(), clock);
  EXPECT_THAT(lock.now()->headers, ElementsAre(Pair("X-Frame-Options", "deny")));
}

TEST_F(WebConfigStoreTest, ShowsAChangedCertificateToTheNextConnection) {
  mounts(first);
  writes(tls);
  WebConfigStore lock(files(), clock);
  const auto before = lock.now();
  EXPECT_TRUE(same(shownBy(lock), first));
  EXPECT_EQ(lock.status().reloaded, clock.system());

  lock.poll();
  EXPECT_EQ(lock.now(), before);

  mounts(second);
  clock.advance(5s);
  lock.poll();
  EXPECT_TRUE(same(shownBy(lock), second));
  EXPECT_TRUE(same(SSL_CTX_get0_certificate(before->tls.get()), first));
  EXPECT_EQ(lock.status().reloaded, clock.system());
}

TEST_F(WebConfigStoreTest, KeepsWhatIsInUseWhenAChangeNamesAFileThatMayNotBeRead) {
  mounts(first);
  writes(tls);
  const config::Path elsewhere = folder.path() / "elsewhere.key";
  const auto outside = [&](const std::vector<config::Path>& named) {
    std::vector<config::ConfigError> errors;
    for (const auto& file : named) {
      if (file == elsewhere) errors.push_back({file.string(), "", "restart postern"});
    }
    return errors;
  };
  WebConfigStore lock(files(), clock, outside);
  EXPECT_TRUE(lock.status().reload_successful);

  folder.write("elsewhere.key", first.key());
  writes("tls_server_config: {cert_file: server.crt, key_file: elsewhere.key}\n");
  lock.poll();

  EXPECT_FALSE(lock.status().reload_successful);
  EXPECT_EQ(lock.status().error, elsewhere.string() + ": restart postern");
  EXPECT_TRUE(same(shownBy(lock), first));
}

TEST_F(WebConfigStoreTest, TakesUpAChangedFile) {
  writes(users);
  WebConfigStore lock(files(), clock);
  writes("basic_auth_users:\n  bob: " + hashOf("wonder") + "\n");
  lock.poll();
  EXPECT_FALSE(lock.now()->judge(asking(kAlice)).allowed);
  EXPECT_TRUE(lock.now()->judge(asking("Basic Ym9iOndvbmRlcg==")).allowed);
}

TEST_F(WebConfigStoreTest, KeepsWhatAChangeDoesNotTouch) {
  mounts(first);
  writes(tls + users + "rate_limit: {interval: 1s, burst: 5}\n");
  WebConfigStore lock(files(), clock);
  const auto before = lock.now();
  mounts(second);
  lock.poll();
  EXPECT_NE(lock.now(), before);
  EXPECT_EQ(lock.now()->auth, before->auth);
  EXPECT_EQ(lock.now()->limiter, before->limiter);
  writes(tls + users + "rate_limit: {interval: 1s, burst: 6}\n");
  lock.poll();
  EXPECT_EQ(lock.now()->auth, before->auth);
  EXPECT_NE(lock.now()->limiter, before->limiter);
}

TEST_F(WebConfigStoreTest, ChangesNothingWhenTheFileIsBroken) {
  mounts(first);
  writes(tls + users);
  WebConfigStore lock(files(), clock);
  const auto before = lock.now();
  const auto reloaded = lock.status().reloaded;
  clock.advance(5s);
  for (const std::string& broken :
       {tls + "basic_auth_users: {alice: wonder}\n", std::string("tls_server_config: ["),
        tls + "rate_limits: {}\n"}) {
    writes(broken);
    lock.poll();
    EXPECT_EQ(lock.now(), before);
    EXPECT_FALSE(lock.status().reload_successful);
    EXPECT_EQ(lock.status().reloaded, reloaded);
    EXPECT_THAT(lock.status().error, HasSubstr("web.yml:"));
  }
  EXPECT_THAT(lock.status().error, Not(HasSubstr("wonder")));
  std::filesystem::remove(folder.path() / "web.yml");
  lock.poll();
  EXPECT_EQ(lock.now(), before);
  EXPECT_THAT(lock.status().error, HasSubstr("cannot be read"));

  writes(tls + users);
  lock.poll();
  EXPECT_TRUE(lock.status().reload_successful);
  EXPECT_EQ(lock.status().error, "");
}

TEST_F(WebConfigStoreTest, ChangesNothingWhileThePairIsHalfWritten) {
  mounts(first);
  writes(tls);
  WebConfigStore lock(files(), clock);
  folder.write("server.crt", second.certificate());
  lock.poll();
  EXPECT_TRUE(same(shownBy(lock), first));
  EXPECT_THAT(lock.status().error, HasSubstr("the key does not match"));
  EXPECT_FALSE(lock.status().closed);
  folder.write("server.key", second.key());
  lock.poll();
  EXPECT_TRUE(same(shownBy(lock), second));
  EXPECT_EQ(lock.status().error, "");
}

TEST_F(WebConfigStoreTest, RefusesHandshakesUntilTheMaterialIsThere) {
  writes(tls);
  WebConfigStore lock(files(), clock);
  EXPECT_THAT(lock.startErrors(), IsEmpty());
  EXPECT_TRUE(lock.status().closed);
  EXPECT_FALSE(lock.status().reload_successful);
  EXPECT_THAT(lock.status().error, HasSubstr("server.crt: no such file"));
  EXPECT_NE(lock.now()->tls, nullptr);
  EXPECT_EQ(shownBy(lock), nullptr);

  mounts(first);
  lock.poll();
  EXPECT_FALSE(lock.status().closed);
  EXPECT_TRUE(lock.status().reload_successful);
  EXPECT_TRUE(same(shownBy(lock), first));
}

TEST_F(WebConfigStoreTest, TakesUpTheFilesThatANewConfigurationNames) {
  mounts(first);
  writes(tls);
  WebConfigStore lock(files(), clock);
  writes("tls_server_config: {cert_file: other.crt, key_file: other.key}\n");
  lock.poll();
  EXPECT_THAT(lock.status().error, HasSubstr("other.crt: no such file"));
  folder.write("other.crt", second.certificate());
  folder.write("other.key", second.key());
  lock.poll();
  EXPECT_TRUE(same(shownBy(lock), second));

  folder.write("other.crt", first.certificate());
  folder.write("other.key", first.key());
  lock.poll();
  EXPECT_TRUE(same(shownBy(lock), first));
}

TEST_F(WebConfigStoreTest, OpensTheKeyWithThePasswordBesideIt) {
  folder.write("server.crt", first.certificate());
  folder.write("server.key", first.encryptedKey("hunter2"));
  writes(tls);
  auto both = files();
  both.key_password = folder.write("password", "wrong");
  WebConfigStore lock(both, clock);
  EXPECT_THAT(lock.status().error, HasSubstr("does not open the key"));
  folder.write("password", "hunter2");
  lock.poll();
  EXPECT_TRUE(same(shownBy(lock), first));
}

TEST_F(WebConfigStoreTest, DecidesAtStartWhetherTlsIsSpoken) {
  mounts(first);
  writes(tls);
  WebConfigStore with(files(), clock);
  writes("");
  with.poll();
  with.poll();
  EXPECT_TRUE(same(shownBy(with), first));
  EXPECT_THAT(with.status().error, HasSubstr("restart postern to return to plain HTTP"));

  WebConfigStore without(files(), clock);
  writes(tls);
  without.poll();
  without.poll();
  EXPECT_EQ(without.now()->tls, nullptr);
  EXPECT_THAT(without.status().error, HasSubstr("restart postern to turn on TLS"));
}

TEST_F(WebConfigStoreTest, DoesNotTakeAFileThatIsBeingWrittenForAnOpenDoor) {
  writes(users);
  WebConfigStore lock(files(), clock);
  writes("");
  lock.poll();
  EXPECT_FALSE(lock.now()->judge(asking()).allowed);
  writes(users + "\n");
  lock.poll();
  EXPECT_FALSE(lock.now()->judge(asking()).allowed);
  EXPECT_TRUE(lock.now()->judge(asking(kAlice)).allowed);

  writes("");
  lock.poll();
  EXPECT_FALSE(lock.now()->judge(asking()).allowed);
  lock.poll();
  EXPECT_TRUE(lock.now()->judge(asking()).allowed);
  EXPECT_TRUE(lock.status().reload_successful);
}

TEST_F(WebConfigStoreTest, LetsAChangeRestThatNoLongerAsksForCertificates) {
  mounts(first);
  folder.write("ca.crt", authority.certificate());
  const auto asks = [&](const std::string& type) {
    writes(
        "tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, "
        "client_auth_type: " +
        type + "}\n");
  };
  asks("RequireAndVerifyClientCert");
  WebConfigStore lock(files(), clock);
  const auto mode = [&] { return SSL_CTX_get_verify_mode(lock.now()->tls.get()); };
  asks("VerifyClientCertIfGiven");
  lock.poll();
  EXPECT_EQ(mode(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
  lock.poll();
  EXPECT_EQ(mode(), SSL_VERIFY_PEER);
  asks("RequireAndVerifyClientCert");
  lock.poll();
  EXPECT_EQ(mode(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
}

TEST_F(WebConfigStoreTest, TellsWhenItsCertificatesExpire) {
  mounts(first);
  folder.write("ca.crt", authority.certificate());
  writes(
      "tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, "
      "client_auth_type: RequireAndVerifyClientCert}\n");
  const WebConfigStore lock(files(), clock);
  EXPECT_TRUE(lock.status().server);
  EXPECT_TRUE(lock.status().client_ca);
}

TEST_F(WebConfigStoreTest, SwapsUnderItsReaders) {
  mounts(first);
  writes(tls + users);
  WebConfigStore lock(files(), clock);
  std::atomic<int> misses = 0;
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; ++i) {
      readers.emplace_back([&] {
        for (int reading = 0; reading < 500; ++reading) {
          const auto snapshot = lock.now();
          if (!snapshot->tls || !snapshot->judge(asking(kAlice)).allowed) ++misses;
          if (!lock.status().reload_successful) ++misses;
        }
      });
    }
    for (int i = 0; i < 20; ++i) {
      writes(tls + users + (i % 2 == 0 ? "rate_limit: {interval: 1us, burst: 100000}\n" : ""));
      lock.poll();
    }
  }
  EXPECT_EQ(misses, 0);
}

}  // namespace
}  // namespace postern::web
