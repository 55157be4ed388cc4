// Revoked certificates of servers and clients, in real handshakes.
#include "tls/revocation.h"

#include <gmock/gmock.h>

#include "tls/certificate.h"
#include "tls/material_store.h"
#include "tls/server_context.h"
#include "unit/tls/handshake.h"
#include "unit/tls/mount.h"
#include "unit/tls/visit.h"

namespace postern::tls {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Identity;
using testing::makeAuthority;
using testing::makeClient;
using testing::makeServer;
using ::testing::MatchesRegex;
using testing::Use;

constexpr const char* kTime = "20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z";

// Replaces FILE and TIME, and escapes the characters of regular expressions.
std::string pattern(std::string words, const std::string& file) {
  const auto replace = [&words](const std::string& from, const std::string& to) {
    for (auto at = words.find(from); at != words.npos; at = words.find(from, at + to.size())) {
      words.replace(at, from.size(), to);
    }
  };
  replace("(", "\\(");
  replace(")", "\\)");
  replace("FILE", file);
  replace("TIME", kTime);
  return words;
}

class RevocationTest : public ::testing::Test {
 protected:
  // The verification error; "accepted" without one.
  std::string outcome(const Identity& shown) {
    const auto material = mount.load();
    if (!material) return "not loaded: " + material.error().what;
    const auto result = shakeHands(**material, Server(shown), "localhost");
    return result.error ? result.error->what : "accepted";
  }
  std::string crlFile() const { return mount.path("crl.pem"); }

  Identity ca = makeAuthority();
  Identity server = makeServer(ca, {"localhost"});
  Identity other_server = makeServer(ca, {"localhost"});
  Mount mount;
};

TEST_F(RevocationTest, ChecksTheServerAgainstTheCrlOfItsIssuer) {
  const auto other_ca = makeAuthority("Other CA");
  const auto same_name = makeAuthority("Test CA");
  struct Case {
    std::string name;
    std::string crl;
    std::string outcome;
  };
  const std::string cannot =
      "localhost: certificate 'localhost' cannot be checked for revocation: ";
  mount.ca(ca);
  for (const auto& [name, crl, expected] : {
           Case{"nothing revoked", ca.crl({}), "accepted"},
           Case{"another one revoked", ca.crl({.revoked = {other_server}}), "accepted"},
           Case{"revoked", ca.crl({.revoked = {other_server, server}}),
                "localhost: certificate 'localhost' was revoked at TIME, according to the CRL of "
                "'Test CA' in FILE: give the server a new certificate"},
           Case{"CRL of another CA", other_ca.crl({}),
                cannot + "FILE has no CRL of its issuer 'Test CA': add the one that this CA "
                         "publishes"},
           Case{"several CRLs", other_ca.crl({}) + ca.crl({}), "accepted"},
           Case{"expired", ca.crl({.last_update = -hours(48), .next_update = -hours(24)}),
                cannot + "the CRL of 'Test CA' in FILE expired at TIME (nextUpdate): replace it by "
                         "the one that this CA publishes now"},
           Case{"an expired one and a current one",
                ca.crl({.last_update = -hours(48), .next_update = -hours(24)}) + ca.crl({}),
                "accepted"},
           Case{"not yet valid", ca.crl({.last_update = hours(24), .next_update = hours(48)}),
                cannot + "the CRL of 'Test CA' in FILE is not yet valid, it begins at TIME: wait "
                         "until then, or correct the clock of this machine"},
           Case{"signed by another key", same_name.crl({}),
                cannot + "the CRL of 'Test CA' in FILE has a signature that does not match the key "
                         "of this CA: replace it by the one that this CA publishes"},
       }) {
    SCOPED_TRACE(name);
    mount.crl(crl);
    EXPECT_THAT(outcome(server), MatchesRegex(pattern(expected, crlFile())));
  }
}

TEST_F(RevocationTest, ChecksTheServersCertificateAlone) {
  const auto intermediate = makeAuthority("Intermediate", ca);
  const auto leaf = makeServer(intermediate, {"localhost"});
  mount.ca(ca).crl(intermediate.crl({}));
  const auto accepted = [&] {
    const auto material = mount.load();
    return !shakeHands(**material, Server(leaf).sends(intermediate), "localhost").error;
  };

  EXPECT_TRUE(accepted());
  mount.crl(intermediate.crl({.revoked = {leaf}}));
  EXPECT_FALSE(accepted());
}

TEST_F(RevocationTest, AcceptsAnIntermediateAsTheOnlyAnchor) {
  const auto intermediate = makeAuthority("Intermediate", ca);
  mount.ca(intermediate).crl(intermediate.crl({}));

  EXPECT_EQ(outcome(makeServer(intermediate, {"localhost"})), "accepted");
}

TEST_F(RevocationTest, NamesAFileThatHoldsNoCrl) {
  mount.ca(ca);
  const auto loads = [&](const std::string& content) {
    mount.crl(content);
    const auto material = mount.load();
    return material ? "loaded" : material.error().what;
  };

  EXPECT_EQ(loads(""), crlFile() + ": is empty: write the CRL into it, as PEM");
  EXPECT_EQ(loads("nothing"),
            crlFile() + ": holds no PEM block: write the CRL into it, as PEM (\"-----BEGIN ...\")");
  EXPECT_EQ(loads(ca.certificate()), crlFile() +
                                         ": holds a certificate and no CRL: mount the CRL that the "
                                         "CA publishes, or correct the file name");
  EXPECT_EQ(loads(ca.crlDer({})), crlFile() +
                                      ": is a CRL as DER, expected a CRL as PEM: convert it with "
                                      "`openssl crl -inform DER < " +
                                      crlFile() + " > new.pem`");
  EXPECT_THAT(loads(ca.crl({}) + "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
              MatchesRegex(".*: the CRL at line [0-9]+ is damaged, so OpenSSL does not read it: "
                           "write the file again"));
  std::filesystem::remove(crlFile());
  EXPECT_EQ(mount.load().error().what,
            crlFile() + ": no such file: mount it, or correct the file name");
}

TEST_F(RevocationTest, SummarizesEachCrl) {
  mount.ca(ca).crl(ca.crl({.revoked = {server, other_server}}) +
                   makeAuthority("Other CA").crl({.next_update = -hours(1)}));
  const auto material = mount.load();
  ASSERT_TRUE(material);
  const auto& crls = (*material)->crls();
  const auto now = std::chrono::system_clock::now();

  ASSERT_EQ(crls.size(), 2U);
  EXPECT_EQ(crls[0].issuer, "Test CA");
  EXPECT_EQ(crls[0].revoked, 2U);
  EXPECT_FALSE(expired(crls[0], now));
  EXPECT_EQ(crls[1].issuer, "Other CA");
  EXPECT_EQ(crls[1].revoked, 0U);
  EXPECT_TRUE(expired(crls[1], now));
}

TEST_F(RevocationTest, ReloadsTheFileAndKeepsTheLastGoodOne) {
  struct SystemClock final : Clock {
    SteadyTime steady() const override { return {}; }
    SystemTime system() const override { return std::chrono::system_clock::now(); }
  } clock;
  mount.ca(ca).crl(ca.crl({.revoked = {server}}));
  MaterialStore store(mount.config, "default", clock);
  const auto refused = [&] {
    return shakeHands(**store.current(), Server(server), "localhost").error.has_value();
  };
  EXPECT_TRUE(refused());

  mount.crl(ca.crl({}));
  store.poll();
  EXPECT_FALSE(refused());
  mount.crl(ca.crl({.revoked = {server}}));
  store.poll();
  EXPECT_TRUE(refused());
  mount.crl("half a file");
  store.poll();
  EXPECT_TRUE(refused());
  EXPECT_THAT(store.status().error, HasSubstr(crlFile()));
}

class ClientRevocationTest : public ::testing::Test {
 protected:
  ClientRevocationTest() {
    config.cert_file = folder.write("server.crt", server.certificate());
    config.key_file = folder.write("server.key", server.key());
    config.client_auth = config::ClientAuth::RequireAndVerify;
    config.client_ca_file = folder.write("ca.crt", ca.certificate());
  }
  Visit visited(const Identity& shown, const std::string& crl) {
    config.crl_file = folder.write("crl.pem", crl);
    const auto loaded = loadServerContext(config, {}, std::chrono::system_clock::now());
    if (!loaded) {
      Visit none;
      none.error = loaded.error().what;
      return none;
    }
    warnings = loaded->warnings;
    return visit(loaded->context.get(), Visitor().shows(shown));
  }

  testing::TemporaryFolder folder;
  Identity ca = makeAuthority();
  Identity server = makeServer(ca, {"localhost"});
  Identity client = makeClient(ca);
  config::TlsServer config;
  std::vector<std::string> warnings;
};

TEST_F(ClientRevocationTest, RefusesARevokedClientAndSaysWhy) {
  const std::string file = folder.path() / "crl.pem";

  EXPECT_EQ(visited(client, ca.crl({})).error, "");
  const auto revoked = visited(client, ca.crl({.revoked = {client}}));
  EXPECT_EQ(revoked.error, "sslv3 alert certificate revoked");
  EXPECT_THAT(
      revoked.refused,
      MatchesRegex(pattern("client certificate 'scraper': was revoked at TIME, according "
                           "to the CRL of 'Test CA' in FILE: give the client a new certificate",
                           file)));
  EXPECT_EQ(visited(makeClient(ca), ca.crl({.revoked = {client}})).error, "");
  EXPECT_THAT(visited(client, makeAuthority("Other CA").crl({})).refused,
              HasSubstr(file + " has no CRL of its issuer 'Test CA': add the one"));
  EXPECT_EQ(visited(client, "nothing").error,
            file + ": holds no PEM block: write the CRL into it, as PEM (\"-----BEGIN ...\")");
}

TEST_F(ClientRevocationTest, WarnsOfACrlThatHasExpired) {
  const std::string file = folder.path() / "crl.pem";

  const auto refused =
      visited(client, ca.crl({.last_update = -hours(48), .next_update = -hours(24)})).refused;
  EXPECT_THAT(refused, HasSubstr("the CRL of 'Test CA' in " + file + " expired at "));
  EXPECT_THAT(warnings,
              ElementsAre(MatchesRegex(pattern("the CRL of 'Test CA' in FILE expired at TIME, "
                                               "certificates of this CA are refused: replace it by "
                                               "the one that this CA publishes now",
                                               file))));
}

}  // namespace
}  // namespace postern::tls
