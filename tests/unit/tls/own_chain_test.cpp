// The certificate chain that postern sends, from files in any order: to the service and from the
// web listener.
#include "tls/own_chain.h"
#include "base/date.h"

#include <gmock/gmock.h>

#include "tls/certificate.h"
#include "unit/tls/handshake.h"
#include "unit/tls/mount.h"
#include "unit/tls/visit.h"

namespace postern::tls {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using testing::Identity;
using ::testing::IsEmpty;
using testing::makeAuthority;
using testing::makeClient;
using testing::Use;

struct OwnChainCase {
  std::string name;
  std::vector<Identity> file;
  std::vector<Identity> sent;
  std::vector<std::string> warnings;  // FILE: the path
};

std::string certificatesOf(const std::vector<Identity>& identities) {
  std::string pem;
  for (const auto& identity : identities) pem += identity.certificate();
  return pem;
}

// As a server sees it, by subject and end of each certificate.
std::vector<std::string> seenOf(const Material& material, const Identity& root) {
  Server server(root);
  SSL_CTX_set_verify(server.context.get(), SSL_VERIFY_PEER, nullptr);
  std::vector<std::string> seen;
  SSL_CTX_set_cert_verify_callback(
      server.context.get(),
      [](X509_STORE_CTX* store, void* into) {
        const auto* sent = X509_STORE_CTX_get0_untrusted(store);
        for (int i = 0; i < sk_X509_num(sent); ++i) {
          static_cast<std::vector<std::string>*>(into)->push_back(
              pinOf(*sk_X509_value(sent, i)) + issuerOf(*sk_X509_value(sent, i)) +
              rfc3339(validityOf(*sk_X509_value(sent, i)).not_after));
        }
        return 1;
      },
      &seen);
  EXPECT_FALSE(shakeHands(material, server, "localhost").error);
  return seen;
}

std::vector<std::string> expectedOf(const std::vector<Identity>& sent) {
  std::vector<std::string> expected;
  for (const auto& one : sent) {
    expected.push_back(one.pin() + issuerOf(*one.x509()) +
                       rfc3339(validityOf(*one.x509()).not_after));
  }
  return expected;
}

std::vector<std::string> withPath(std::vector<std::string> warnings, const std::string& path) {
  for (auto& warning : warnings) {
    for (auto at = warning.find("FILE"); at != warning.npos; at = warning.find("FILE")) {
      warning.replace(at, 4, path);
    }
  }
  return warnings;
}

class OwnChainTest : public ::testing::Test {
 protected:
  OwnChainTest() { mount.config.insecure_skip_verify = true; }

  void sends(const OwnChainCase& given) {
    SCOPED_TRACE(given.name);
    mount.pair(certificatesOf(given.file), leaf.key());
    const auto material = mount.load();
    ASSERT_TRUE(material) << material.error().what;
    EXPECT_EQ(seenOf(**material, root), expectedOf(given.sent));
    EXPECT_EQ((*material)->warnings(), withPath(given.warnings, mount.path("tls.crt")));
    EXPECT_EQ((*material)->clientChain().front().subject, "scraper");
  }
  void refuses(const std::string& cert, const std::string& key, const std::string& words) {
    mount.pair(cert, key);
    const auto loaded = mount.load();
    ASSERT_FALSE(loaded) << words;
    EXPECT_EQ(loaded.error().what, words);
  }

  testing::Wanted authority(const std::string& name, std::chrono::seconds ends = hours(24)) const {
    return {.common_name = name,
            .names = {},
            .use = Use::Authority,
            .begins = -hours(96),
            .ends = ends};
  }
  std::string until(const Identity& one) const {
    return rfc3339(validityOf(*one.x509()).not_after);
  }

  Identity root = makeAuthority("Root");
  Identity other_root = makeAuthority("Other Root");
  Identity upper = makeAuthority("Upper", root);
  Identity lower = makeAuthority("Lower", upper);
  Identity leaf = makeClient(lower);
  Mount mount;
};

TEST_F(OwnChainTest, SortsWhatIsInTheFile) {
  const std::string order =
      "FILE: its certificates are sent in a different order than listed ('scraper', 'Lower', "
      "'Upper'): write the client certificate first, then each issuer";
  const auto cross = upper.again(authority("Upper"), &other_root);
  const auto expired = lower.again(authority("Lower", -hours(1)), &upper);
  const auto newer = lower.again(authority("Lower", hours(99)), &upper);
  const auto old_leaf = leaf.again(
      {.common_name = "scraper", .use = Use::Client, .begins = -hours(9), .ends = -hours(1)},
      &lower);
  const auto twin = root.again(authority("Root"), &other_root);
  const auto stranger = makeAuthority("Stranger");
  const auto rekeyed = makeAuthority("Lower", upper);
  const std::vector<Identity> all = {leaf, lower, upper};

  for (const auto& given : std::vector<OwnChainCase>{
           {"in order", {leaf, lower, upper}, all, {}},
           {"only the leaf", {leaf}, {leaf}, {}},
           {"reversed", {upper, lower, leaf}, all, {order}},
           {"leaf in the middle", {lower, leaf, upper}, all, {order}},
           {"issuers exchanged", {leaf, upper, lower}, all, {order}},
           {"leaf twice",
            {leaf, leaf, lower, upper},
            all,
            {"FILE: certificate 2 in it ('scraper') is the same as certificate 1: remove one of "
             "them"}},
           {"an issuer twice",
            {leaf, lower, upper, lower},
            all,
            {"FILE: certificate 4 in it ('Lower') is the same as certificate 2: remove one of "
             "them"}},
           {"root added",
            {leaf, lower, upper, root},
            all,
            {"FILE: certificate 4 in it ('Root') is a root, which is not sent because it must be "
             "known anyway: remove it"}},
           {"root first",
            {root, leaf, lower, upper},
            all,
            {"FILE: certificate 1 in it ('Root') is a root, which is not sent because it must be "
             "known anyway: remove it"}},
           {"cross-signed pair",
            {leaf, lower, upper, cross},
            {leaf, lower, upper, cross},
            {"FILE: certificate 4 in it ('Upper') has name and key of another one, signed by "
             "'Root' and by 'Other Root', and both are sent: remove the one that no server needs"}},
           {"a root and its cross-signed twin",
            {leaf, lower, upper, root, twin},
            {leaf, lower, upper, twin},
            {"FILE: certificate 4 in it ('Root') is a root, which is not sent because it must be "
             "known anyway: remove it"}},
           {"expired copy first",
            {leaf, expired, lower, upper},
            all,
            {"FILE: certificate 2 in it ('Lower') expired at " + until(expired) +
             " and is not sent, because another one with the same key is: remove it"}},
           {"older copy first",
            {leaf, lower, newer, upper},
            {leaf, newer, upper},
            {"FILE: certificate 2 in it ('Lower') is not sent, because another one with the same "
             "key is: "
             "remove one of them"}},
           {"expired leaf first",
            {old_leaf, leaf, lower, upper},
            all,
            {"FILE: certificate 1 in it ('scraper') expired at " + until(old_leaf) +
             " and is not sent, because another one with the same key is: remove it"}},
           {"unrelated",
            {leaf, stranger, lower, upper},
            all,
            {"FILE: certificate 2 in it ('Stranger') is unrelated, because it has issued "
             "nothing in the chain of 'scraper', and is not sent: remove it, or add what is "
             "between them"}},
           {"unrelated first",
            {stranger, leaf, lower, upper},
            all,
            {"FILE: certificate 1 in it ('Stranger') is unrelated, because it has issued "
             "nothing in the chain of 'scraper', and is not sent: remove it, or add what is "
             "between them"}},
           {"another client",
            {makeClient(lower, "other"), leaf, lower, upper},
            all,
            {"FILE: certificate 1 in it ('other') is unrelated, because it has issued "
             "nothing in the chain of 'scraper', and is not sent: remove it, or add what is "
             "between them"}},
           {"an issuer of that name and another key",
            {leaf, rekeyed, lower, upper},
            all,
            {"FILE: certificate 2 in it ('Lower') is unrelated, because it has issued "
             "nothing in the chain of 'scraper', and is not sent: remove it, or add what is "
             "between them"}},
           {"a link is missing",
            {leaf, upper},
            {leaf},
            {"FILE: certificate 2 in it ('Upper') is unrelated, because it has issued "
             "nothing in the chain of 'scraper', and is not sent: remove it, or add what is "
             "between them"}},
       }) {
    sends(given);
  }
}

TEST_F(OwnChainTest, NamesTheCertificateThatTheKeyBelongsTo) {
  const std::string cert = mount.path("tls.crt");
  const std::string key = mount.path("tls.key");
  const std::string of_issuer =
      key + ": the key is that of 'Lower', which has issued 'scraper' of " + cert +
      ", expected the key of 'scraper': mount the key and the "
      "certificate of one pair";

  refuses(certificatesOf({leaf, lower, upper}), lower.key(), of_issuer);
  refuses(certificatesOf({upper, lower, leaf}), lower.key(), of_issuer);
  refuses(certificatesOf({leaf, lower}), makeClient(root).key(),
          key + ": the key does not match any certificate of " + cert +
              " ('scraper', 'Lower'): mount the two of one pair");
  refuses(certificatesOf({leaf}), makeClient(root).key(),
          key + ": the key does not match the certificate 'scraper' of " + cert +
              ": mount the two of one pair");
}

TEST_F(OwnChainTest, RefusesAnExpiredIssuerByItsOwnName) {
  const auto expired = lower.again(authority("Lower", -hours(1)), &upper);

  refuses(certificatesOf({leaf, expired, upper}), leaf.key(),
          mount.path("tls.crt").string() + ": certificate of the client chain 'Lower' expired at " +
              until(expired) + ": renew it");
}

TEST_F(OwnChainTest, TakesAnAuthorityThatIsItsOwnClient) {
  mount.pair(root);
  const auto material = mount.load();
  ASSERT_TRUE(material) << material.error().what;
  EXPECT_EQ(seenOf(**material, root), expectedOf({root}));
  EXPECT_THAT((*material)->warnings(), IsEmpty());
}

TEST_F(OwnChainTest, SortsBundlesAlikeAndWithoutAWarning) {
  mount.bundle(leaf.bundle("", {root, upper, makeAuthority("Stranger"), lower}));
  const auto material = mount.load();
  ASSERT_TRUE(material) << material.error().what;
  EXPECT_EQ(seenOf(**material, root), expectedOf({leaf, lower, upper}));
  EXPECT_THAT((*material)->warnings(), IsEmpty());
}

TEST_F(OwnChainTest, SortsTheChainOfTheListener) {
  config::TlsServer config;
  config.cert = certificatesOf({upper, lower, leaf, root});
  config.key = Secret(leaf.key());
  const auto loaded = loadServerContext(config, {}, std::chrono::system_clock::now());
  ASSERT_TRUE(loaded) << loaded.error().what;

  const auto seen = visit(loaded->context.get(), {});
  EXPECT_EQ(seen.shown, "scraper");
  EXPECT_EQ(seen.certificates, 3);
  EXPECT_THAT(
      loaded->warnings,
      ElementsAre(
          ::testing::HasSubstr("is not one for servers"),
          "tls_server_config.cert: its certificates are sent in a different order than listed "
          "('scraper', 'Lower', 'Upper'): write the server certificate first, then each issuer",
          "tls_server_config.cert: certificate 4 in it ('Root') is a root, which is not sent "
          "because it must be known anyway: remove it"));
}

}  // namespace
}  // namespace postern::tls
