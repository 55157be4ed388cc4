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
const X509* shownBy(const WebConfigStore& store) {
  const auto context = store.now()->tls;
  return context ? SSL_CTX_get0_certificate(context.get()) : nullptr;
}

class WebConfigStoreTest : public ::testing::Test {
 protected:
  void writes(const std::string& yaml) { folder.write("web.yml", yaml); }
  void mounts(const Identity& identity) {
    folder.write("server.crt", identity.certificate());
    folder.write("server.key", identity.key());
  }
  WebConfigFiles files() const { return {folder.path() / "web.yml", {}}; }
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
  WebConfigStore store({}, clock);
  store.poll();
  EXPECT_FALSE(store.status().configured);
  EXPECT_EQ(store.now()->tls, nullptr);
  EXPECT_THAT(store.now()->headers, IsEmpty());
  EXPECT_TRUE(store.now()->admit(asking()).allowed);
}

TEST_F(WebConfigStoreTest, LetsEverybodyInWhenTheFileIsEmpty) {
  writes("");
  WebConfigStore store(files(), clock);
  EXPECT_THAT(store.startErrors(), IsEmpty());
  EXPECT_TRUE(store.status().configured);
  EXPECT_TRUE(store.status().reload_successful);
  EXPECT_EQ(store.now()->tls, nullptr);
  EXPECT_TRUE(store.now()->admit(asking()).allowed);
}

TEST_F(WebConfigStoreTest, LetsNobodyInWhenTheFileIsBroken) {
  writes("basic_auth_user: {}\n");
  const WebConfigStore store(files(), clock);
  ASSERT_EQ(store.startErrors().size(), 1U);
  EXPECT_THAT(store.startErrors()[0].text(),
              HasSubstr("web.yml:1:1: basic_auth_user: unknown key"));
  EXPECT_TRUE(store.status().closed);
  EXPECT_NE(store.now()->tls, nullptr);
  EXPECT_EQ(shownBy(store), nullptr);
}

TEST_F(WebConfigStoreTest, AsksForANameAndAPassword) {
  writes(users);
  const WebConfigStore store(files(), clock);
  const auto snapshot = store.now();

  EXPECT_TRUE(snapshot->admit(asking(kAlice)).allowed);
  for (const auto* wrong : {"", "Basic YWxpY2U6d3Jvbmc=", "Bearer x"}) {
    const auto admission = snapshot->admit(asking(wrong));
    EXPECT_FALSE(admission.allowed);
    EXPECT_EQ(admission.head.status, 401);
    EXPECT_THAT(admission.head.headers,
                ElementsAre(Pair("WWW-Authenticate", "Basic realm=\"postern\"")));
    EXPECT_EQ(admission.body, "unauthorized: user name and password are required\n");
  }
  EXPECT_THAT(store.status().refused, ElementsAre(3, 0, 0));
}

TEST_F(WebConfigStoreTest, LimitsTheRateBeforeItAsksForAPassword) {
  writes(users + "rate_limit: {interval: 10s, burst: 2}\n");
  const WebConfigStore store(files(), clock);
  const auto snapshot = store.now();
  EXPECT_TRUE(snapshot->admit(asking(kAlice)).allowed);
  EXPECT_EQ(snapshot->admit(asking()).head.status, 401);

  const auto admission = snapshot->admit(asking(kAlice));
  EXPECT_FALSE(admission.allowed);
  EXPECT_EQ(admission.head.status, 429);
  EXPECT_THAT(admission.head.headers, ElementsAre(Pair("Retry-After", "10")));
  EXPECT_THAT(store.status().refused, ElementsAre(1, 1, 0));
  clock.advance(10s);
  EXPECT_TRUE(snapshot->admit(asking(kAlice)).allowed);
}

TEST_F(WebConfigStoreTest, AnswersEveryRequestWith429WithoutABurst) {
  writes("rate_limit: {interval: 1s}\n");
  const WebConfigStore store(files(), clock);
  const auto admission = store.now()->admit(asking());
  EXPECT_EQ(admission.head.status, 429);
  EXPECT_THAT(admission.head.headers, IsEmpty());
}

TEST_F(WebConfigStoreTest, HasTheHeadersOfEveryAnswer) {
  writes("http_server_config: {headers: {X-Frame-Options: deny}}\n");
  const WebConfigStore store(files(), clock);
  EXPECT_THAT(store.now()->headers, ElementsAre(Pair("X-Frame-Options", "deny")));
}

TEST_F(WebConfigStoreTest, ShowsAChangedCertificateToTheNextConnection) {
  mounts(first);
  writes(tls);
  WebConfigStore store(files(), clock);
  const auto before = store.now();
  EXPECT_TRUE(same(shownBy(store), first));
  EXPECT_EQ(store.status().reloaded, clock.system());

  store.poll();
  EXPECT_EQ(store.now(), before);

  mounts(second);
  clock.advance(5s);
  store.poll();
  EXPECT_TRUE(same(shownBy(store), second));
  EXPECT_TRUE(same(SSL_CTX_get0_certificate(before->tls.get()), first));
  EXPECT_EQ(store.status().reloaded, clock.system());
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
  WebConfigStore store(files(), clock, outside);
  EXPECT_TRUE(store.status().reload_successful);

  folder.write("elsewhere.key", first.key());
  writes("tls_server_config: {cert_file: server.crt, key_file: elsewhere.key}\n");
  store.poll();

  EXPECT_FALSE(store.status().reload_successful);
  EXPECT_EQ(store.status().error, elsewhere.string() + ": restart postern");
  EXPECT_TRUE(same(shownBy(store), first));
}

TEST_F(WebConfigStoreTest, ReloadsAChangedFile) {
  writes(users);
  WebConfigStore store(files(), clock);
  writes("basic_auth_users:\n  bob: " + hashOf("wonder") + "\n");
  store.poll();
  EXPECT_FALSE(store.now()->admit(asking(kAlice)).allowed);
  EXPECT_TRUE(store.now()->admit(asking("Basic Ym9iOndvbmRlcg==")).allowed);
}

TEST_F(WebConfigStoreTest, KeepsWhatAChangeDoesNotTouch) {
  mounts(first);
  writes(tls + users + "rate_limit: {interval: 1s, burst: 5}\n");
  WebConfigStore store(files(), clock);
  const auto before = store.now();
  mounts(second);
  store.poll();
  EXPECT_NE(store.now(), before);
  EXPECT_EQ(store.now()->auth, before->auth);
  EXPECT_EQ(store.now()->limiter, before->limiter);
  writes(tls + users + "rate_limit: {interval: 1s, burst: 6}\n");
  store.poll();
  EXPECT_EQ(store.now()->auth, before->auth);
  EXPECT_NE(store.now()->limiter, before->limiter);
}

TEST_F(WebConfigStoreTest, ChangesNothingWhenTheFileIsBroken) {
  mounts(first);
  writes(tls + users);
  WebConfigStore store(files(), clock);
  const auto before = store.now();
  const auto reloaded = store.status().reloaded;
  clock.advance(5s);
  for (const std::string& broken :
       {tls + "basic_auth_users: {alice: wonder}\n", std::string("tls_server_config: ["),
        tls + "rate_limits: {}\n"}) {
    writes(broken);
    store.poll();
    EXPECT_EQ(store.now(), before);
    EXPECT_FALSE(store.status().reload_successful);
    EXPECT_EQ(store.status().reloaded, reloaded);
    EXPECT_THAT(store.status().error, HasSubstr("web.yml:"));
  }
  EXPECT_THAT(store.status().error, Not(HasSubstr("wonder")));
  std::filesystem::remove(folder.path() / "web.yml");
  store.poll();
  EXPECT_EQ(store.now(), before);
  EXPECT_THAT(store.status().error, HasSubstr("cannot be read"));

  writes(tls + users);
  store.poll();
  EXPECT_TRUE(store.status().reload_successful);
  EXPECT_EQ(store.status().error, "");
}

TEST_F(WebConfigStoreTest, ChangesNothingWhileThePairIsHalfWritten) {
  mounts(first);
  writes(tls);
  WebConfigStore store(files(), clock);
  folder.write("server.crt", second.certificate());
  store.poll();
  EXPECT_TRUE(same(shownBy(store), first));
  EXPECT_THAT(store.status().error, HasSubstr("the key does not match"));
  EXPECT_FALSE(store.status().closed);
  folder.write("server.key", second.key());
  store.poll();
  EXPECT_TRUE(same(shownBy(store), second));
  EXPECT_EQ(store.status().error, "");
}

TEST_F(WebConfigStoreTest, RefusesHandshakesUntilTheMaterialExists) {
  writes(tls);
  WebConfigStore store(files(), clock);
  EXPECT_THAT(store.startErrors(), IsEmpty());
  EXPECT_TRUE(store.status().closed);
  EXPECT_FALSE(store.status().reload_successful);
  EXPECT_THAT(store.status().error, HasSubstr("server.crt: no such file"));
  EXPECT_NE(store.now()->tls, nullptr);
  EXPECT_EQ(shownBy(store), nullptr);

  mounts(first);
  store.poll();
  EXPECT_FALSE(store.status().closed);
  EXPECT_TRUE(store.status().reload_successful);
  EXPECT_TRUE(same(shownBy(store), first));
}

TEST_F(WebConfigStoreTest, ReloadsTheFilesThatANewConfigurationNames) {
  mounts(first);
  writes(tls);
  WebConfigStore store(files(), clock);
  writes("tls_server_config: {cert_file: other.crt, key_file: other.key}\n");
  store.poll();
  EXPECT_THAT(store.status().error, HasSubstr("other.crt: no such file"));
  folder.write("other.crt", second.certificate());
  folder.write("other.key", second.key());
  store.poll();
  EXPECT_TRUE(same(shownBy(store), second));

  folder.write("other.crt", first.certificate());
  folder.write("other.key", first.key());
  store.poll();
  EXPECT_TRUE(same(shownBy(store), first));
}

TEST_F(WebConfigStoreTest, OpensTheKeyWithThePasswordBesideIt) {
  folder.write("server.crt", first.certificate());
  folder.write("server.key", first.encryptedKey("hunter2"));
  writes(tls);
  auto both = files();
  both.key_password = folder.write("password", "wrong");
  WebConfigStore store(both, clock);
  EXPECT_THAT(store.status().error, HasSubstr("does not open the key"));
  folder.write("password", "hunter2");
  store.poll();
  EXPECT_TRUE(same(shownBy(store), first));
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

TEST_F(WebConfigStoreTest, KeepsTheCheckWhileTheFileIsBeingWritten) {
  writes(users);
  WebConfigStore store(files(), clock);
  writes("");
  store.poll();
  EXPECT_FALSE(store.now()->admit(asking()).allowed);
  writes(users + "\n");
  store.poll();
  EXPECT_FALSE(store.now()->admit(asking()).allowed);
  EXPECT_TRUE(store.now()->admit(asking(kAlice)).allowed);

  writes("");
  store.poll();
  EXPECT_FALSE(store.now()->admit(asking()).allowed);
  store.poll();
  EXPECT_TRUE(store.now()->admit(asking()).allowed);
  EXPECT_TRUE(store.status().reload_successful);
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
  WebConfigStore store(files(), clock);
  const auto mode = [&] { return SSL_CTX_get_verify_mode(store.now()->tls.get()); };
  asks("VerifyClientCertIfGiven");
  store.poll();
  EXPECT_EQ(mode(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
  store.poll();
  EXPECT_EQ(mode(), SSL_VERIFY_PEER);
  asks("RequireAndVerifyClientCert");
  store.poll();
  EXPECT_EQ(mode(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
}

TEST_F(WebConfigStoreTest, ReportsWhenItsCertificatesExpire) {
  mounts(first);
  folder.write("ca.crt", authority.certificate());
  writes(
      "tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, "
      "client_auth_type: RequireAndVerifyClientCert}\n");
  const WebConfigStore store(files(), clock);
  EXPECT_TRUE(store.status().server);
  EXPECT_TRUE(store.status().client_ca);
}

TEST_F(WebConfigStoreTest, SwapsUnderItsReaders) {
  mounts(first);
  writes(tls + users);
  WebConfigStore store(files(), clock);
  std::atomic<int> misses = 0;
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; ++i) {
      readers.emplace_back([&] {
        for (int reading = 0; reading < 500; ++reading) {
          const auto snapshot = store.now();
          if (!snapshot->tls || !snapshot->admit(asking(kAlice)).allowed) ++misses;
          if (!store.status().reload_successful) ++misses;
        }
      });
    }
    for (int i = 0; i < 20; ++i) {
      writes(tls + users + (i % 2 == 0 ? "rate_limit: {interval: 1us, burst: 100000}\n" : ""));
      store.poll();
    }
  }
  EXPECT_EQ(misses, 0);
}

}  // namespace
}  // namespace postern::web
