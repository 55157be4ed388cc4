// Handshakes that the server aborts, or that never begin.
#include <gmock/gmock.h>

#include "base/date.h"
#include "tls/certificate.h"
#include "unit/tls/handshake.h"
#include "unit/tls/mount.h"

namespace postern::tls {
namespace {

using std::chrono::hours;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Identity;
using testing::makeAuthority;
using testing::makeClient;
using testing::makeServer;
using testing::Use;

class ExplainTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Material> material() {
    auto loaded = mount.load();
    if (!loaded) throw std::runtime_error(loaded.error().what);
    return *std::move(loaded);
  }
  std::string words(const Outcome& outcome) {
    if (!outcome.error) return "accepted";
    EXPECT_EQ(outcome.error->fault, Fault::Tls);
    return outcome.error->what;
  }
  // With a server that requires a client certificate of `clients`.
  std::string guarded(const Identity& clients, int version) {
    return words(shakeHands(*material(),
                            Server(server).requiresClientsOf(clients).speaks(version, version),
                            "localhost"));
  }

  Identity ca = makeAuthority();
  Identity server = makeServer(ca, {"localhost"});
  Mount mount;
};

TEST_F(ExplainTest, ShowsTheClientCertificateWithItsChain) {
  const auto intermediate = makeAuthority("Intermediate", ca);
  const auto client = makeClient(intermediate);
  mount.ca(ca).pair(client.certificate() + intermediate.certificate(), client.key());

  EXPECT_EQ(guarded(ca, TLS1_2_VERSION), "accepted");
  EXPECT_EQ(guarded(ca, TLS1_3_VERSION), "accepted");
}

TEST_F(ExplainTest, SaysThatTheServerRequiresAClientCertificate) {
  mount.ca(ca);
  EXPECT_EQ(guarded(ca, TLS1_3_VERSION),
            "localhost: requires a client certificate (TLS alert: certificate required): set "
            "cert_file and key_file");
  EXPECT_EQ(guarded(ca, TLS1_2_VERSION),
            "localhost: refused the handshake; most likely it requires a client certificate (TLS "
            "alert: handshake failure): set cert_file and key_file");

  mount.optional();
  EXPECT_THAT(guarded(ca, TLS1_3_VERSION), HasSubstr("add " + mount.path("tls.crt").string() +
                                                     " and " + mount.path("tls.key").string()));
}

TEST_F(ExplainTest, BlamesNoClientCertificateBeforeTheServerHasShownItsOwn) {
  mount.ca(ca);
  for (const bool shows : {false, true}) {
    if (shows) mount.pair(makeClient(ca));
    const auto peer = Server(server).speaks(TLS1_2_VERSION, TLS1_2_VERSION);
    ASSERT_EQ(SSL_CTX_set_cipher_list(peer.context.get(), "AES128-SHA"), 1);
    const auto outcome = shakeHands(*material(), peer, "localhost");
    EXPECT_EQ(
        words(outcome),
        "localhost: refused the handshake before it presented a certificate: no common cipher, "
        "curve or signature algorithm (TLS alert: handshake failure): let it accept TLS 1.3, "
        "or TLS 1.2 with ECDHE and AES-GCM or ChaCha20; see its log");
    EXPECT_EQ(outcome.error->detail, Detail::None);
    EXPECT_THAT(outcome.error->remedy, HasSubstr("let it accept TLS 1.3"));
  }
}

TEST_F(ExplainTest, OffersHttp11AndNamesAServerThatSpeaksHttp2Alone) {
  mount.ca(ca);
  static std::string offered;
  const auto peer = Server(server);
  SSL_CTX_set_alpn_select_cb(
      peer.context.get(),
      [](SSL*, const unsigned char**, unsigned char*, const unsigned char* in, unsigned int size,
         void*) {
        offered.assign(reinterpret_cast<const char*>(in), size);
        return SSL_TLSEXT_ERR_ALERT_FATAL;
      },
      nullptr);
  const auto outcome = shakeHands(*material(), peer, "localhost");
  EXPECT_EQ(offered, "\x08http/1.1");
  EXPECT_EQ(words(outcome),
            "localhost: does not speak HTTP/1.1, most likely only HTTP/2 (TLS alert: no "
            "application protocol): let it serve HTTP/1.1 too, or give a port of it that does");
  EXPECT_EQ(outcome.error->detail, Detail::Http2Only);
}

TEST_F(ExplainTest, ReportsTheDetailOfAFailure) {
  mount.ca(ca);
  const auto detail = [](const Outcome& outcome) {
    return outcome.error ? outcome.error->detail : Detail::None;
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto peer = Server(server).requiresClientsOf(ca).speaks(version, version);
    const auto outcome = shakeHands(*material(), peer, "localhost");
    EXPECT_EQ(detail(outcome), Detail::ClientCertificate);
    EXPECT_EQ(outcome.error->remedy, "set cert_file and key_file");
    EXPECT_EQ(outcome.error->problem() + ": " + outcome.error->remedy, outcome.error->what);
  }
  EXPECT_EQ(detail(shakeHandsWithBytes(*material(), "HTTP/1.1 400 Bad Request\r\n\r\n", "x")),
            Detail::NotTls);
  EXPECT_EQ(detail(shakeHandsWithBytes(*material(), "", "x")), Detail::None);
  const auto other = makeServer(makeAuthority("Other CA"), {"localhost"});
  EXPECT_EQ(detail(shakeHands(*material(), Server(other), "localhost")), Detail::None);
}

TEST_F(ExplainTest, SaysWhyTheServerRefusesOurCertificate) {
  const auto other = makeAuthority("Other CA");
  mount.ca(ca).pair(makeClient(other, "scraper"));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(guarded(ca, version),
              "localhost: refused our client certificate 'scraper' (TLS alert: unknown CA): the "
              "server does not know the CA 'Other CA' that signed it: let the server trust that "
              "CA, or put a certificate of a CA that it trusts, with its intermediates, into " +
                  mount.path("tls.crt").string());
  }

  mount.pair(makeServer(ca, {"scraper"}));
  EXPECT_THAT(guarded(ca, TLS1_3_VERSION),
              AllOf(HasSubstr("refused our client certificate 'scraper'"),
                    HasSubstr("not meant for clients"), HasSubstr("clientAuth")));
}

TEST_F(ExplainTest, SaysThatOurCertificateHasExpiredSinceItWasLoaded) {
  const auto client = ca.issue({.common_name = "scraper",
                                .names = {},
                                .use = Use::Client,
                                .begins = -hours(48),
                                .ends = -hours(24)});
  mount.ca(ca).pair(client);
  const auto yesterday = std::chrono::system_clock::now() - hours(30);
  const auto loaded = Material::load(mount.config, yesterday);
  ASSERT_TRUE(loaded) << loaded.error().what;

  EXPECT_EQ(words(shakeHands(**loaded, Server(server).requiresClientsOf(ca), "localhost")),
            "localhost: refused our client certificate 'scraper' (TLS alert: certificate expired): "
            "it expires at " +
                rfc3339(validityOf(*client.x509()).not_after) + ": renew " +
                mount.path("tls.crt").string() + ", or correct the server's clock");
}

TEST_F(ExplainTest, RecognisesAPortWithoutTls) {
  mount.ca(ca);
  const auto refuses = [&](std::string_view bytes) {
    SCOPED_TRACE(bytes);
    EXPECT_THAT(words(shakeHandsWithBytes(*material(), bytes, "localhost")),
                AllOf(HasSubstr("localhost: speaks plain HTTP on this port"),
                      HasSubstr("give the port of its HTTPS")));
  };

  refuses("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  refuses("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
  refuses("220 mail.internal ESMTP ready\r\n");
}

TEST_F(ExplainTest, RecognisesAConnectionClosedInTheHandshake) {
  mount.ca(ca);
  EXPECT_EQ(words(shakeHandsWithBytes(*material(), "", "localhost")),
            "localhost: closed the connection in the handshake: see its log; if it requires a "
            "client certificate, set cert_file and key_file");

  mount.pair(makeClient(ca));
  EXPECT_EQ(words(shakeHandsWithBytes(*material(), "", "localhost")),
            "localhost: closed the connection in the handshake: see its log");
}

TEST_F(ExplainTest, TakesAConnectionClosedAfterTheHandshakeForAFaultOfTheConnection) {
  mount.ca(ca).pair(makeClient(ca));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto outcome =
        shakeHands(*material(), Server(server).speaks(version, version).hangsUp(), "localhost");

    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->fault, Fault::Connect);
    EXPECT_EQ(outcome.error->what,
              "localhost: closed the connection after the handshake: see its log");
  }
}

TEST_F(ExplainTest, SaysThatTheServerDoesNotServeTheName) {
  mount.ca(ca);
  const Server peer(server);
  SSL_CTX_set_tlsext_servername_callback(
      peer.context.get(), +[](SSL*, int* alert, void*) {
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
      });

  EXPECT_EQ(words(shakeHands(*material(), peer, "localhost")),
            "localhost: does not serve the name localhost: set server_name to one that it serves");
}

TEST_F(ExplainTest, NamesTheVersionThatTheServerDoesNotSpeak) {
  mount.ca(ca);
  EXPECT_EQ(words(shakeHands(*material(), Server(server).speaks(TLS1_VERSION, TLS1_1_VERSION),
                             "localhost")),
            "localhost: does not speak TLS 1.2 or later: update it, or set min_version lower");

  mount.config.min_version = config::TlsVersion::Tls13;
  EXPECT_EQ(words(shakeHands(*material(), Server(server).speaks(TLS1_2_VERSION, TLS1_2_VERSION),
                             "localhost")),
            "localhost: does not speak TLS 1.3 or later: update it, or set min_version lower");
}

TEST_F(ExplainTest, SpeaksOldVersionsOnlyWhenConfigured) {
  mount.ca(ca).config.min_version = config::TlsVersion::Tls10;
  const auto outcome =
      shakeHands(*material(), Server(server).speaks(TLS1_VERSION, TLS1_VERSION), "localhost");

  EXPECT_EQ(words(outcome), "accepted");
  EXPECT_EQ(outcome.negotiated.version, "TLS 1.0");
}

TEST_F(ExplainTest, OffersNoCipherWithCbc) {
  mount.ca(ca);
  Server old(server);
  old.speaks(TLS1_2_VERSION, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(old.context.get(), "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA");

  EXPECT_THAT(words(shakeHands(*material(), old, "localhost")),
              HasSubstr("TLS alert: handshake failure"));
}

TEST_F(ExplainTest, ReportsTheDatesOfTheServersCertificate) {
  mount.ca(ca);
  const auto outcome = shakeHands(*material(), Server(server), "localhost");

  ASSERT_TRUE(outcome.server);
  EXPECT_EQ(outcome.server->validity.not_after, validityOf(*server.x509()).not_after);
  EXPECT_EQ(outcome.server->validity.not_before, validityOf(*server.x509()).not_before);
}

TEST_F(ExplainTest, ReportsWhatWasNegotiated) {
  mount.ca(ca).config.min_version = config::TlsVersion::Tls10;
  const auto agreed = [&](int version) {
    const auto server_then = Server(server).speaks(version, version);
    return describe(shakeHands(*material(), server_then, "localhost").negotiated);
  };

  EXPECT_EQ(agreed(TLS1_1_VERSION), "TLS 1.1, ECDHE-ECDSA-AES256-SHA");
  EXPECT_EQ(agreed(TLS1_2_VERSION), "TLS 1.2, ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_EQ(agreed(TLS1_3_VERSION), "TLS 1.3, TLS_AES_256_GCM_SHA384");

  const auto outcome = shakeHands(*material(), Server(server), "other.host");
  ASSERT_TRUE(outcome.error);
  EXPECT_FALSE(outcome.negotiated.resumed);
}

}  // namespace
}  // namespace postern::tls
