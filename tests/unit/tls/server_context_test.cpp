// What the web listener sends, requests and refuses, in real handshakes.
#include "tls/server_context.h"

#include <gmock/gmock.h>

#include "tls/certificate.h"
#include "tls/client_check.h"
#include "unit/tls/visit.h"

namespace postern::tls {
namespace {

using config::ClientAuth;
using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Identity;
using ::testing::IsEmpty;
using testing::makeAuthority;
using testing::makeClient;
using testing::makeServer;
using testing::Use;

constexpr const char* kNoCertificate = "tlsv13 alert certificate required";
constexpr const char* kUnknownCa = "tlsv1 alert unknown ca";
constexpr const char* kBadCertificate = "sslv3 alert bad certificate";
constexpr const char* kNothingInCommon = "sslv3 alert handshake failure";

class ServerContextTest : public ::testing::Test {
 protected:
  ServerContextTest() {
    config.cert_file = folder.write("server.crt", server.certificate());
    config.key_file = folder.write("server.key", server.key());
  }
  ServerContext load() {
    auto loaded = loadServerContext(config, password_file, std::chrono::system_clock::now());
    if (loaded) return *std::move(loaded);
    ADD_FAILURE() << loaded.error().what;
    return {makeClosedContext(), {}, {}, {}};
  }
  Visit visited(const Visitor& visitor = {}) { return visit(load().context.get(), visitor); }
  // The client's error; empty: it was accepted.
  std::string answer(const Visitor& visitor = {}) { return visited(visitor).error; }
  void fails(const std::string& words) {
    const auto loaded = loadServerContext(config, password_file, std::chrono::system_clock::now());
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().fault, Fault::Tls);
    EXPECT_EQ(loaded.error().what, words);
  }
  void asks(ClientAuth auth) {
    config.client_auth = auth;
    config.client_ca_file = folder.write("client-ca.crt", clients.certificate());
  }
  std::string file(const std::string& name) const { return folder.path() / name; }
  // A client of our CA with these names.
  Visitor named(std::vector<std::string> names) const {
    return Visitor().shows(
        clients.issue({.common_name = "scraper", .names = std::move(names), .use = Use::Client}));
  }

  testing::TemporaryFolder folder;
  Identity authority = makeAuthority("Server CA");
  Identity server = makeServer(authority, {"postern.internal"});
  Identity clients = makeAuthority("Client CA");
  Identity good = makeClient(clients);
  Identity foreign = makeClient(makeAuthority("Other CA"), "stranger");
  Identity self_made = Identity::selfSigned({.common_name = "self-made", .use = Use::Client});
  config::TlsServer config;
  config::Path password_file;
};

TEST_F(ServerContextTest, ShowsItsCertificate) {
  const auto seen = visited();
  EXPECT_EQ(seen.error, "");
  EXPECT_EQ(seen.shown, subjectOf(*server.x509()));
  EXPECT_EQ(seen.version, "TLSv1.3");
  EXPECT_EQ(seen.certificates, 1);
}

TEST_F(ServerContextTest, SendsTheChainOfTheFileAndNoMore) {
  const auto intermediate = makeAuthority("Intermediate", authority);
  const auto leaf = makeServer(intermediate, {"postern.internal"});
  folder.write("server.crt", leaf.certificate() + intermediate.certificate());
  folder.write("server.key", leaf.key());
  EXPECT_EQ(visited().certificates, 2);
  EXPECT_THAT(load().warnings, IsEmpty());
}

TEST_F(ServerContextTest, TakesInlineMaterialOfTheConfiguration) {
  config = {};
  config.cert = server.certificate();
  config.key = Secret(server.key());
  config.client_ca = clients.certificate();
  config.client_auth = ClientAuth::RequireAndVerify;
  EXPECT_EQ(answer(Visitor().shows(good)), "");
  EXPECT_EQ(answer(Visitor().shows(foreign)), kUnknownCa);

  config.key = Secret(good.key());
  fails("tls_server_config.key: the key does not match the certificate '" +
        subjectOf(*server.x509()) + "' of tls_server_config.cert: mount the two of one pair");
}

TEST_F(ServerContextTest, TakesTheCertificateFromAFileAndTheKeyInline) {
  config.key_file.clear();
  config.key = Secret(server.key());
  EXPECT_EQ(answer(), "");
}

TEST_F(ServerContextTest, OpensAnEncryptedKey) {
  folder.write("server.key", server.encryptedKey("hunter2"));
  password_file = folder.write("password", "hunter2\n");
  EXPECT_EQ(answer(), "");

  folder.write("password", "hunter3\n");
  fails(file("server.key") + ": the password in " + file("password") +
        " does not open the key: correct it, or mount the key that it belongs to");
}

TEST_F(ServerContextTest, SaysWhichFileIsBad) {
  folder.write("server.key", foreign.key());
  fails(file("server.key") + ": the key does not match the certificate '" +
        subjectOf(*server.x509()) + "' of " + file("server.crt") + ": mount the two of one pair");
  config.key_file = folder.path() / "absent.key";
  fails(file("absent.key") + ": no such file: mount it, or correct the file name");
  config.cert_file = folder.write("server.crt", "");
  config.key_file = folder.write("server.key", server.key());
  fails(file("server.crt") + ": is empty: write the certificate into it, as PEM");
}

TEST_F(ServerContextTest, SaysThatTheClientsAuthoritiesAreBad) {
  asks(ClientAuth::RequireAndVerify);
  folder.write("client-ca.crt", "nonsense");
  fails(file("client-ca.crt") +
        ": holds no PEM block: write the certificate into it, as PEM (\"-----BEGIN ...\")");
}

TEST_F(ServerContextTest, WarnsOfWhatClientsWillRefuse) {
  const auto shown = [&](const testing::Wanted& wanted) {
    const auto leaf = authority.issue(wanted);
    folder.write("server.crt", leaf.certificate());
    folder.write("server.key", leaf.key());
    const auto loaded = load();
    EXPECT_EQ(visit(loaded.context.get(), {}).error, "");  // it is served anyway
    return loaded.warnings;
  };
  EXPECT_THAT(
      shown({.common_name = "late", .use = Use::Server, .begins = -hours(9), .ends = -hours(1)}),
      ElementsAre(HasSubstr("certificate 'late' expired at ")));
  EXPECT_THAT(shown({.common_name = "early", .use = Use::Server, .begins = hours(1)}),
              ElementsAre(HasSubstr("certificate 'early' is not valid before ")));
  EXPECT_THAT(shown({.common_name = "client", .use = Use::Client}),
              ElementsAre(HasSubstr("certificate 'client' is not one for servers")));

  folder.write("server.crt", server.certificate() + foreign.certificate());
  folder.write("server.key", server.key());
  EXPECT_THAT(load().warnings,
              ElementsAre(HasSubstr("certificate 2 in it ('stranger') is unrelated")));
}

TEST_F(ServerContextTest, ReportsTheEarliestExpiry) {
  asks(ClientAuth::RequireAndVerify);
  const auto loaded = load();
  EXPECT_EQ(loaded.server->not_after, validityOf(*server.x509()).not_after);
  EXPECT_EQ(loaded.client_ca->not_after, validityOf(*clients.x509()).not_after);
}

// Each type with a valid certificate, one of another CA, a self-signed one, and none.
TEST_F(ServerContextTest, JudgesClientsAsTheirTypeSays) {
  const auto answers = [&](ClientAuth auth) {
    asks(auth);
    if (auth == ClientAuth::None) config.client_ca_file.clear();
    return std::vector<std::string>{answer(Visitor().shows(good)), answer(Visitor().shows(foreign)),
                                    answer(Visitor().shows(self_made)), answer()};
  };
  EXPECT_THAT(answers(ClientAuth::None), ElementsAre("", "", "", ""));
  EXPECT_THAT(answers(ClientAuth::Request), ElementsAre("", "", "", ""));
  EXPECT_THAT(answers(ClientAuth::RequireAny), ElementsAre("", "", "", kNoCertificate));
  EXPECT_THAT(answers(ClientAuth::VerifyIfGiven), ElementsAre("", kUnknownCa, kUnknownCa, ""));
  EXPECT_THAT(answers(ClientAuth::RequireAndVerify),
              ElementsAre("", kUnknownCa, kUnknownCa, kNoCertificate));
}

TEST_F(ServerContextTest, JudgesClientsOfTls12Alike) {
  asks(ClientAuth::RequireAndVerify);
  config.max_version = config::TlsVersion::Tls12;
  EXPECT_EQ(answer(Visitor().shows(good)), "");
  EXPECT_EQ(answer(Visitor().shows(foreign)), kUnknownCa);
  EXPECT_EQ(answer(), kNothingInCommon);
}

TEST_F(ServerContextTest, RefusesClientsOutOfTheirTimeOrPurpose) {
  asks(ClientAuth::RequireAndVerify);
  const auto shows = [&](const testing::Wanted& wanted) {
    return answer(Visitor().shows(clients.issue(wanted)));
  };
  EXPECT_EQ(shows({.use = Use::Any}), "");
  EXPECT_EQ(shows({.use = Use::Client, .begins = -hours(9), .ends = -hours(1)}),
            "sslv3 alert certificate expired");
  EXPECT_EQ(shows({.use = Use::Client, .begins = hours(1)}), kBadCertificate);
  EXPECT_EQ(shows({.use = Use::Server}), "sslv3 alert unsupported certificate");
}

TEST_F(ServerContextTest, TakesTheIssuersThatAClientSends) {
  asks(ClientAuth::RequireAndVerify);
  const auto intermediate = makeAuthority("Intermediate", clients);
  const auto client = makeClient(intermediate);
  EXPECT_EQ(answer(Visitor().shows(client).sends(intermediate)), "");
  EXPECT_EQ(answer(Visitor().shows(client)), kUnknownCa);
}

TEST_F(ServerContextTest, TakesAnIntermediateOrALeafForAnAnchor) {
  asks(ClientAuth::RequireAndVerify);
  const auto intermediate = makeAuthority("Intermediate", clients);
  folder.write("client-ca.crt", intermediate.certificate() + self_made.certificate());
  EXPECT_EQ(answer(Visitor().shows(makeClient(intermediate))), "");
  EXPECT_EQ(answer(Visitor().shows(self_made)), "");
  EXPECT_EQ(answer(Visitor().shows(good)), kUnknownCa);
}

TEST_F(ServerContextTest, TrustsTheSystemWhenThereIsNoClientCa) {
  config.client_auth = ClientAuth::RequireAndVerify;
  EXPECT_EQ(answer(Visitor().shows(good)), kUnknownCa);
  EXPECT_EQ(answer(), kNoCertificate);
}

TEST_F(ServerContextTest, LetsInClientsThatHaveAnAllowedName) {
  asks(ClientAuth::RequireAndVerify);
  config.client_allowed_sans = {"prometheus.internal", "10.1.2.3", "2001:db8::1", "ops@example.org",
                                "spiffe://example.org/prometheus"};
  for (const auto& name : config.client_allowed_sans) {
    SCOPED_TRACE(name);
    EXPECT_EQ(answer(named({"other.internal", name})), "");
  }
  for (const char* name : {"Prometheus.internal", "internal", "a.prometheus.internal", "*.internal",
                           "10.1.2.4", "dev@example.org", "spiffe://example.org/prometheus/2"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(answer(named({name})), kBadCertificate);
  }
  EXPECT_EQ(answer(Visitor().shows(good)), kBadCertificate);  // has only a common name
  EXPECT_EQ(
      answer(Visitor().shows(
          makeAuthority("Other CA")
              .issue({.common_name = "x", .names = {"prometheus.internal"}, .use = Use::Client}))),
      kUnknownCa);
}

TEST_F(ServerContextTest, AsksOnlyThoseForANameWhoShowACertificate) {
  asks(ClientAuth::VerifyIfGiven);
  config.client_allowed_sans = {"prometheus.internal"};
  EXPECT_EQ(answer(), "");
  EXPECT_EQ(answer(named({"prometheus.internal"})), "");
  EXPECT_EQ(answer(named({"other.internal"})), kBadCertificate);
}

TEST(AllNamesTest, WritesAddressesAsGoDoes) {
  const auto identity = Identity::selfSigned(
      {.names = {"a.internal", "10.0.0.1", "::ffff:10.0.0.2", "2001:db8:0:0:0:0:0:1"}});
  EXPECT_THAT(allNamesOf(*identity.x509()),
              ElementsAre("a.internal", "10.0.0.1", "10.0.0.2", "2001:db8::1"));
}

TEST_F(ServerContextTest, SaysWhyAClientWasRefused) {
  asks(ClientAuth::RequireAndVerify);
  config.client_allowed_sans = {"prometheus.internal"};
  EXPECT_EQ(visited(Visitor().shows(foreign)).refused,
            "client certificate 'stranger': missing intermediate or unknown CA: certificate is "
            "signed by 'Other CA', which the client does not send and which is not in " +
                file("client-ca.crt") +
                ": if that is an intermediate, let the client send its whole chain; if it is the "
                "CA, put it into " +
                file("client-ca.crt"));
  EXPECT_EQ(visited(named({"other.internal"})).refused,
            "client certificate 'scraper': none of its names is in client_allowed_sans (it is for "
            "other.internal)");
  EXPECT_EQ(visited().refused, "");
  EXPECT_EQ(visited(named({"prometheus.internal"})).refused, "");
}

TEST_F(ServerContextTest, SpeaksTls12And13UnlessConfiguredOtherwise) {
  const auto speaks = [&](int version) { return answer(Visitor().speaks(version, version)); };
  EXPECT_EQ(speaks(TLS1_3_VERSION), "");
  EXPECT_EQ(speaks(TLS1_2_VERSION), "");
  EXPECT_EQ(speaks(TLS1_1_VERSION), "tlsv1 alert protocol version");
  EXPECT_EQ(speaks(TLS1_VERSION), "tlsv1 alert protocol version");

  config.min_version = config::TlsVersion::Tls13;
  EXPECT_EQ(speaks(TLS1_2_VERSION), "tlsv1 alert protocol version");
  EXPECT_EQ(speaks(TLS1_3_VERSION), "");

  config.min_version = config::TlsVersion::Tls10;
  config.max_version = config::TlsVersion::Tls11;
  EXPECT_EQ(speaks(TLS1_VERSION), "");
  EXPECT_EQ(speaks(TLS1_1_VERSION), "");
  EXPECT_EQ(speaks(TLS1_2_VERSION), "unsupported protocol");  // according to the client
}

TEST_F(ServerContextTest, OffersNoWeakSuite) {
  const auto offers = [&](const char* suites) {
    return answer(Visitor().speaks(TLS1_2_VERSION, TLS1_2_VERSION).offers(suites));
  };
  for (const char* good_one : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                               "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    EXPECT_EQ(offers(good_one), "") << good_one;
  }
  for (const char* weak :
       {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-CCM",
        "DHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256", "ECDHE-ECDSA-CAMELLIA128-SHA256"}) {
    EXPECT_EQ(offers(weak), kNothingInCommon) << weak;
  }
}

TEST_F(ServerContextTest, TakesTheSuitesThatAreNamedInTheirOrder) {
  config.max_version = config::TlsVersion::Tls12;
  config.cipher_suites = {"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA"};
  const auto visitor = Visitor().offers(
      "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_EQ(visited(visitor).suite, "ECDHE-ECDSA-AES256-GCM-SHA384");

  config.prefer_server_cipher_suites = false;
  EXPECT_EQ(visited(visitor).suite, "ECDHE-ECDSA-AES128-SHA");
  EXPECT_EQ(answer(Visitor().offers("ECDHE-ECDSA-AES128-GCM-SHA256")), kNothingInCommon);
}

TEST_F(ServerContextTest, TakesTheCurvesThatAreNamedInTheirOrder) {
  EXPECT_EQ(visited().group, "x25519");
  EXPECT_EQ(visited(Visitor().prefers("P-384")).group, "secp384r1");
  EXPECT_EQ(answer(Visitor().prefers("ffdhe8192")), kNothingInCommon);

  config.curve_preferences = {"P-521", "P-384"};
  EXPECT_EQ(visited(Visitor().prefers("X25519:P-384:P-521")).group, "secp521r1");
  EXPECT_EQ(visited(Visitor().prefers("X25519:P-384")).group, "secp384r1");
  EXPECT_EQ(answer(Visitor().prefers("X25519")), kNothingInCommon);
}

TEST_F(ServerContextTest, AgreesOnHttp11Alone) {
  EXPECT_EQ(visited().protocol, "");
  EXPECT_EQ(visited(Visitor().asksFor("h2").asksFor("http/1.1")).protocol, "http/1.1");
  EXPECT_EQ(answer(Visitor().asksFor("h2")), "tlsv1 alert no application protocol");
}

TEST_F(ServerContextTest, ResumesNoSession) {
  const auto loaded = load();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto visitor = Visitor().speaks(version, version);
    const auto first = visit(loaded.context.get(), visitor);
    EXPECT_EQ(first.error, "");
    EXPECT_FALSE(first.resumable);
    const auto second = visit(loaded.context.get(), visitor, first.session.get());
    EXPECT_EQ(second.error, "");
    EXPECT_FALSE(second.resumed);
  }
}

TEST_F(ServerContextTest, TakesNoChainOfClientsThatIsHuge) {
  asks(ClientAuth::RequireAny);
  Visitor visitor;
  visitor.shows(self_made);
  for (int i = 0; i < 100; ++i) visitor.sends(clients);
  EXPECT_EQ(answer(visitor), "sslv3 alert illegal parameter");
}

TEST_F(ServerContextTest, OutlivesItsLoadingInConnections) {
  asks(ClientAuth::RequireAndVerify);
  std::unique_ptr<SSL, decltype(&SSL_free)> kept(nullptr, SSL_free);
  {
    const auto loaded = load();
    kept.reset(SSL_new(loaded.context.get()));
  }
  EXPECT_EQ(visit(SSL_get_SSL_CTX(kept.get()), Visitor().shows(foreign)).error, kUnknownCa);
}

TEST(ClosedContextTest, RefusesEveryHandshake) {
  const auto closed = makeClosedContext();
  EXPECT_EQ(visit(closed.get(), Visitor()).error, kNothingInCommon);
  for (const int version : {TLS1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_NE(visit(closed.get(), Visitor().speaks(version, version)).error, "");
  }
}

}  // namespace
}  // namespace postern::tls
