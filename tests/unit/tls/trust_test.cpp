// What a target may trust besides its CA file, and the SPIFFE ID instead of a name.
#include <gmock/gmock.h>

#include <cstdlib>

#include "unit/tls/handshake.h"
#include "unit/tls/mount.h"

namespace postern::tls {
namespace {

using ::testing::HasSubstr;
using testing::Identity;
using testing::makeAuthority;
using testing::makeServer;

constexpr const char* kId = "spiffe://example.org/whatsapp";

class TrustTest : public ::testing::Test {
 protected:
  // The verification error; "accepted" without one.
  std::string outcome(const Server& peer, const std::string& host = "localhost") {
    const auto material = mount.load();
    if (!material) return "not loaded: " + material.error().what;
    const auto result = shakeHands(**material, peer, host);
    return result.error ? result.error->what : "accepted";
  }
  void refuses(const Identity& server, const std::string& words) {
    SCOPED_TRACE(words);
    EXPECT_EQ(outcome(Server(server)), "localhost: " + words);
  }

  Identity ca = makeAuthority();
  Mount mount;
};

// OpenSSL's own variable names the system's bundle.
class SystemRoots {
 public:
  explicit SystemRoots(const Identity& root) {
    ::setenv("SSL_CERT_FILE", folder_.write("roots.pem", root.certificate()).c_str(), 1);
  }
  ~SystemRoots() { ::unsetenv("SSL_CERT_FILE"); }
  SystemRoots(const SystemRoots&) = delete;
  SystemRoots& operator=(const SystemRoots&) = delete;

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(TrustTest, TrustsTheSystemsRootsBesideTheCaFileOnlyWhenConfigured) {
  const auto root = makeAuthority("Public Root");
  const SystemRoots system(root);
  const Server by_ca(makeServer(ca, {"localhost"}));
  const Server by_root(makeServer(root, {"localhost"}));
  mount.ca(ca);

  EXPECT_EQ(outcome(by_ca), "accepted");
  EXPECT_THAT(outcome(by_root), HasSubstr("'Public Root', which the server does not send and which "
                                          "is not in " +
                                          mount.path("ca.crt").string() + ": if"));
  mount.config.system_roots = true;
  EXPECT_EQ(outcome(by_ca), "accepted");
  EXPECT_EQ(outcome(by_root), "accepted");
  EXPECT_THAT(outcome(Server(makeServer(makeAuthority("Other"), {"localhost"}))),
              HasSubstr("is not in " + mount.path("ca.crt").string() + " or the system's roots"));
}

TEST_F(TrustTest, ProvesTheSpiffeIdInPlaceOfTheName) {
  mount.ca(ca).config.spiffe_id = kId;

  EXPECT_EQ(outcome(Server(makeServer(ca, {kId}))), "accepted");
  EXPECT_EQ(outcome(Server(makeServer(ca, {kId, "localhost"}))), "accepted");
  EXPECT_EQ(outcome(Server(makeServer(ca, {kId})), "127.0.0.1"), "accepted");
  const auto intermediate = makeAuthority("SPIRE", ca);
  EXPECT_EQ(outcome(Server(makeServer(intermediate, {kId})).sends(intermediate)), "accepted");
}

TEST_F(TrustTest, RefusesAnotherSpiffeId) {
  mount.ca(ca).config.spiffe_id = kId;
  const std::string words = std::string(", expected only ") + kId +
                            ": correct spiffe_id, or the registration entry of the server";

  const auto refused = [&](const std::vector<std::string>& names, const std::string& shown) {
    refuses(makeServer(ca, names), "certificate is for " + shown + words);
  };
  refused({"spiffe://example.org/other"}, "spiffe://example.org/other");
  refused({"spiffe://example.org/whatsapp/a"}, "spiffe://example.org/whatsapp/a");
  refused({"spiffe://Example.org/whatsapp"}, "spiffe://Example.org/whatsapp");
  refused({"localhost"}, "localhost");
  refused({kId, "spiffe://example.org/other"}, std::string(kId) + ", spiffe://example.org/other");
}

TEST_F(TrustTest, RefusesTheSpiffeIdOfAnotherTrustDomainsBundle) {
  mount.ca(ca).config.spiffe_id = kId;

  EXPECT_THAT(outcome(Server(makeServer(makeAuthority("Other"), {kId}))), HasSubstr("unknown CA"));
}

TEST_F(TrustTest, NeedsTheBundleOfTheTrustDomain) {
  mount.optional().config.spiffe_id = kId;

  EXPECT_EQ(outcome(Server(makeServer(ca, {kId}))),
            "not loaded: " + mount.path("ca.crt").string() +
                ": no such file: mount the bundle of the trust domain of spiffe_id there");
}

TEST_F(TrustTest, ChecksThePinBesideTheSpiffeId) {
  const auto server = makeServer(ca, {kId});
  mount.ca(ca).config.spiffe_id = kId;
  mount.config.pin_sha256 = server.pin();

  EXPECT_EQ(outcome(Server(server)), "accepted");
  EXPECT_THAT(outcome(Server(makeServer(ca, {kId}))), HasSubstr("pin mismatch"));
  mount.config.spiffe_id = "spiffe://example.org/other";
  EXPECT_THAT(outcome(Server(server)), HasSubstr("correct spiffe_id"));
}

TEST_F(TrustTest, NamesTheKeyThatAServerWithASpiffeIdNeeds) {
  mount.ca(ca);

  refuses(makeServer(ca, {kId}),
          std::string("certificate is for ") + kId +
              ", not localhost: set spiffe_id, or let the server's registration entry give it that "
              "DNS name");
}

}  // namespace
}  // namespace postern::tls
