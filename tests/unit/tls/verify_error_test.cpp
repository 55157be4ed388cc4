// Verification of the server's certificate in real handshakes.
#include <gmock/gmock.h>

#include "base/date.h"
#include "base/encoding.h"
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
using testing::makeServer;
using testing::Use;

class VerifyErrorTest : public ::testing::Test {
 protected:
  // The verification error; "accepted" without one.
  std::string outcome(const Server& peer, const std::string& host) {
    const auto material = mount.load();
    if (!material) return "not loaded: " + material.error().what;
    const auto result = shakeHands(**material, peer, host);
    if (!result.error) return "accepted";
    EXPECT_EQ(result.error->fault, Fault::Tls);
    return result.error->what;
  }

  Identity ca = makeAuthority();
  Identity server = makeServer(ca, {"localhost"});
  Mount mount;
};

TEST_F(VerifyErrorTest, AcceptsNamesAndAddressesThatTheCertificateIsFor) {
  mount.ca(ca);
  const auto accepts = [&](const std::string& name, const std::string& host) {
    SCOPED_TRACE(name + " as " + host);
    EXPECT_EQ(outcome(Server(makeServer(ca, {name})), host), "accepted");
  };

  accepts("localhost", "localhost");
  accepts("localhost", "LOCALHOST");
  accepts("web.internal", "web.internal.");
  accepts("*.wa.internal", "web.wa.internal");
  accepts("127.0.0.1", "127.0.0.1");
  accepts("::1", "::1");
}

TEST_F(VerifyErrorTest, SaysWhatTheCertificateIsForWhenTheNameIsWrong) {
  mount.ca(ca);
  const auto refuses = [&](const std::vector<std::string>& names, const std::string& host,
                           const std::string& words) {
    SCOPED_TRACE(words);
    EXPECT_EQ(outcome(Server(makeServer(ca, names)), host), host + ": certificate is for " + words);
  };

  // Loopback is not an exception
  refuses({"web.internal"}, "localhost", "web.internal, not localhost: set server_name");
  refuses({"web.internal"}, "127.0.0.1", "web.internal, not 127.0.0.1: set server_name");
  refuses({"web.internal"}, "::1", "web.internal, not ::1: set server_name");
  refuses({"127.0.0.1"}, "::1", "127.0.0.1, not ::1: set server_name");
  // An address does not match a name, or a name an address
  refuses({"localhost"}, "127.0.0.1", "localhost, not 127.0.0.1: set server_name");
  refuses({"127.0.0.1", "::1"}, "localhost", "127.0.0.1, ::1, not localhost: set server_name");
  // A wildcard matches one whole label
  refuses({"*.wa.internal"}, "a.b.wa.internal",
          "*.wa.internal, not a.b.wa.internal: set server_name");
  refuses({"w*.wa.internal"}, "web.wa.internal",
          "w*.wa.internal, not web.wa.internal: set server_name");
  refuses({"*.internal"}, "web.internal", "*.internal, not web.internal: set server_name");
  // Many names
  refuses({"a", "b", "c", "d", "e", "f", "g"}, "h",
          "a, b, c, d, e and 2 more, not h: set server_name");
}

struct CommonNameCase {
  std::string common_name;
  std::vector<std::string> names;
  std::string host;
  std::string outcome;  // "refused": with any text
};

// RFC 9525, section 6.3; Go since 1.15. OpenSSL would use the common name without a DNS name.
TEST_F(VerifyErrorTest, TakesNamesFromSubjectAltNameOnly) {
  mount.ca(ca);
  const std::string none =
      "localhost: certificate 'localhost' has no subjectAltName, expected localhost in it: only "
      "these names are verified (RFC 9525), issue the certificate again with it";
  for (const auto& [common_name, names, host, expected] :
       {CommonNameCase{"other", {"localhost"}, "localhost", "accepted"},
        CommonNameCase{"localhost", {}, "localhost", none},
        CommonNameCase{"localhost",
                       {"127.0.0.1"},
                       "localhost",
                       "localhost: certificate is for 127.0.0.1, not localhost: set server_name"},
        CommonNameCase{"localhost", {"a@localhost"}, "localhost", "refused"},
        CommonNameCase{"localhost", {"spiffe://test/web"}, "localhost", "refused"},
        CommonNameCase{"localhost", {"web"}, "localhost", "refused"},
        CommonNameCase{"127.0.0.1", {}, "127.0.0.1", "refused"},
        CommonNameCase{"*.internal", {"a@internal"}, "web.internal", "refused"}}) {
    const Server peer(ca.issue({.common_name = common_name, .names = names, .use = Use::Server}));
    const auto reported = outcome(peer, host);
    if (expected == "refused") {
      EXPECT_NE(reported, "accepted") << common_name << " for " << host;
    } else {
      EXPECT_EQ(reported, expected);
    }
  }
}

TEST_F(VerifyErrorTest, ProvesTheServerNameInsteadOfTheHost) {
  mount.ca(ca).config.server_name = "whatsapp-web";

  EXPECT_EQ(outcome(Server(makeServer(ca, {"whatsapp-web"})), "127.0.0.1"), "accepted");
  EXPECT_EQ(outcome(Server(server), "localhost"),
            "localhost: certificate is for localhost, not whatsapp-web: correct server_name");
}

TEST_F(VerifyErrorTest, SendsNamesAsServerNameButNoAddress) {
  mount.ca(ca);
  const auto material = mount.load();
  ASSERT_TRUE(material);
  const Server both(makeServer(ca, {"localhost", "127.0.0.1", "::1"}));

  EXPECT_EQ(shakeHands(**material, both, "localhost").sni, "localhost");
  EXPECT_EQ(shakeHands(**material, both, "127.0.0.1").sni, "");
  EXPECT_EQ(shakeHands(**material, both, "::1").sni, "");
}

TEST_F(VerifyErrorTest, RefusesCertificatesOutsideOfTheirDates) {
  mount.ca(ca);
  const auto old = ca.issue({.common_name = "old",
                             .names = {"localhost"},
                             .use = Use::Server,
                             .begins = -hours(48),
                             .ends = -hours(24)});
  const auto early = ca.issue({.common_name = "early",
                               .names = {"localhost"},
                               .use = Use::Server,
                               .begins = hours(24),
                               .ends = hours(48)});

  EXPECT_EQ(outcome(Server(old), "localhost"), "localhost: certificate 'old' expired at " +
                                                   rfc3339(validityOf(*old.x509()).not_after) +
                                                   ": renew it at the server");
  EXPECT_EQ(outcome(Server(early), "localhost"),
            "localhost: certificate 'early' is not yet valid, it begins at " +
                rfc3339(validityOf(*early.x509()).not_before) +
                ": wait until then, or correct the clock of this machine");
}

TEST_F(VerifyErrorTest, NamesTheExpiredAuthority) {
  const auto old = Identity::selfSigned({.common_name = "Old CA",
                                         .names = {},
                                         .use = Use::Authority,
                                         .begins = -hours(48),
                                         .ends = -hours(24)});
  mount.ca(old);

  EXPECT_THAT(outcome(Server(makeServer(old, {"localhost"})), "localhost"),
              AllOf(HasSubstr("certificate of the chain 'Old CA', which is in " +
                              mount.path("ca.crt").string() + ", expired at "),
                    HasSubstr("renew it and put it into " + mount.path("ca.crt").string())));
}

TEST_F(VerifyErrorTest, DistinguishesAnUnknownAuthorityFromAMissingIntermediate) {
  mount.ca(ca);
  const auto other = makeAuthority("Other CA");
  const auto intermediate = makeAuthority("Intermediate", ca);
  const auto other_intermediate = makeAuthority("Other intermediate", other);
  const auto leaf = makeServer(intermediate, {"localhost"});
  const auto other_leaf = makeServer(other_intermediate, {"localhost"});
  const std::string file = mount.path("ca.crt");

  EXPECT_EQ(outcome(Server(leaf).sends(intermediate), "localhost"), "accepted");
  EXPECT_EQ(outcome(Server(leaf), "localhost"),
            "localhost: missing intermediate or unknown CA: certificate is signed by "
            "'Intermediate', which the server does not send and which is not in " +
                file +
                ": if that is an intermediate, let the server send its whole chain; if it is the "
                "CA, put it into " +
                file);
  EXPECT_EQ(outcome(Server(other_leaf).sends(other_intermediate), "localhost"),
            "localhost: unknown CA: certificate of the chain 'Other intermediate' is signed by "
            "'Other CA', which is not in " +
                file + ": put it into " + file);
  EXPECT_EQ(outcome(Server(makeServer(other, {"localhost"})).sends(other), "localhost"),
            "localhost: unknown CA: certificate is signed by 'Other CA', which is not in " + file +
                ": put it into " + file);
}

TEST_F(VerifyErrorTest, NoticesAnAuthorityThatHasAnotherKey) {
  mount.ca(makeAuthority());

  EXPECT_THAT(outcome(Server(server), "localhost"),
              AllOf(HasSubstr("unknown CA: certificate is signed by 'Test CA' with another key"),
                    HasSubstr("the CA has several keys, add its certificate with that key")));
}

TEST_F(VerifyErrorTest, RefusesASelfSignedCertificateUnlessItIsTheAnchor) {
  const auto self =
      Identity::selfSigned({.common_name = "self", .names = {"localhost"}, .use = Use::Server});
  mount.ca(ca);
  EXPECT_EQ(outcome(Server(self), "localhost"),
            "localhost: certificate 'self' is self-signed and not in " +
                mount.path("ca.crt").string() + ": put it into " + mount.path("ca.crt").string() +
                ", or set pin_sha256 to " + encodeBase64(self.pin()) +
                " after comparing that with the server's key");

  mount.ca(self);
  EXPECT_EQ(outcome(Server(self), "localhost"), "accepted");
}

TEST_F(VerifyErrorTest, TrustsAnIntermediateThatIsAloneInTheFile) {
  const auto intermediate = makeAuthority("Intermediate", ca);
  mount.ca(intermediate);

  EXPECT_EQ(outcome(Server(makeServer(intermediate, {"localhost"})), "localhost"), "accepted");
}

TEST_F(VerifyErrorTest, SaysThatTheSystemsRootsHoldWithoutAFile) {
  EXPECT_THAT(outcome(Server(server), "localhost"),
              AllOf(HasSubstr("the system's roots (no ca_file is set)"), HasSubstr("set ca_file")));

  mount.pair(testing::makeClient(ca));
  mount.optional();
  EXPECT_THAT(
      outcome(Server(server), "localhost"),
      HasSubstr("the system's roots (" + mount.path("ca.crt").string() + " does not exist)"));
}

TEST_F(VerifyErrorTest, RefusesACertificateForClients) {
  mount.ca(ca);
  const auto client = ca.issue({.common_name = "c", .names = {"localhost"}, .use = Use::Client});

  EXPECT_EQ(outcome(Server(client), "localhost"),
            "localhost: certificate 'c' is not meant for servers: let its extended key usage allow "
            "serverAuth");
}

TEST_F(VerifyErrorTest, LetsAPinReplaceChainAndName) {
  mount.config.pin_sha256 = server.pin();
  EXPECT_EQ(outcome(Server(server), "web.internal"), "accepted");

  const auto other = makeServer(ca, {"localhost"});
  EXPECT_EQ(outcome(Server(other), "localhost"),
            "localhost: pin mismatch: the server's public key has the pin " +
                encodeBase64(other.pin()) +
                ", which is not pin_sha256: if the server's key was changed on purpose, set "
                "pin_sha256 to that");
}

TEST_F(VerifyErrorTest, ChecksChainAndNameBesideAPinWhenTheyAreGiven) {
  mount.config.pin_sha256 = server.pin();
  mount.config.server_name = "web.internal";
  EXPECT_THAT(outcome(Server(server), "localhost"),
              HasSubstr("is for localhost, not web.internal"));

  mount.config.server_name = "localhost";
  EXPECT_EQ(outcome(Server(server), "10.0.0.1"), "accepted");

  mount.ca(makeAuthority("Other CA"));
  EXPECT_THAT(outcome(Server(server), "localhost"), HasSubstr("unknown CA"));

  mount.ca(ca);
  EXPECT_EQ(outcome(Server(server), "localhost"), "accepted");
}

TEST_F(VerifyErrorTest, ChecksDatesBesideAPin) {
  const auto old = ca.issue({.common_name = "old",
                             .names = {"localhost"},
                             .use = Use::Server,
                             .begins = -hours(48),
                             .ends = -hours(24)});
  mount.config.pin_sha256 = old.pin();

  EXPECT_THAT(outcome(Server(old), "localhost"), HasSubstr("certificate 'old' expired at "));
}

TEST_F(VerifyErrorTest, SkipsEveryCheckButThePinWhenConfigured) {
  const auto old = Identity::selfSigned({.common_name = "old",
                                         .names = {"web.internal"},
                                         .use = Use::Client,
                                         .begins = -hours(48),
                                         .ends = -hours(24)});
  mount.config.insecure_skip_verify = true;
  EXPECT_EQ(outcome(Server(old), "localhost"), "accepted");

  mount.config.pin_sha256 = server.pin();
  EXPECT_THAT(outcome(Server(old), "localhost"), HasSubstr("pin mismatch"));
}

}  // namespace
}  // namespace postern::tls
