// CAs with several certificates, keys and paths, in real handshakes of client and server.
#include "tls/chain_search.h"
#include "base/date.h"

#include <gmock/gmock.h>

#include "tls/certificate.h"
#include "tls/server_context.h"
#include "unit/tls/handshake.h"
#include "unit/tls/mount.h"
#include "unit/tls/visit.h"

namespace postern::tls {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;
using testing::Identity;
using testing::makeAuthority;
using testing::Use;

constexpr auto kPast = -hours(24);

testing::Wanted authority(const std::string& name) {
  return {.common_name = name, .names = {}, .use = Use::Authority};
}

testing::Wanted expiredAuthority(const std::string& name) {
  return {
      .common_name = name, .names = {}, .use = Use::Authority, .begins = -hours(96), .ends = kPast};
}

Identity leafOf(const Identity& issuer) {
  return issuer.issue({.common_name = "svc", .names = {"localhost"}});
}

struct ChainCase {
  std::string name;
  Identity leaf;
  std::vector<Identity> sent;
  std::vector<Identity> trusted;
  std::string refusal;  // a part of it; empty: connects
};

std::string pemOf(const std::vector<Identity>& certificates) {
  std::string pem;
  for (const auto& certificate : certificates) pem += certificate.certificate();
  return pem;
}

// The text of the verification error; empty if the server was accepted.
std::string refusalOfServer(const ChainCase& given, const Mount& mount) {
  const auto material = mount.load();
  if (!material) return "not loaded: " + material.error().what;
  Server server(given.leaf);
  for (const auto& sent : given.sent) server.sends(sent);
  const auto result = shakeHands(**material, server, "localhost");
  return result.error ? result.error->what : "";
}

// The same for a client at the web listener.
std::string refusalOfClient(const ChainCase& given, const Mount& mount) {
  const auto listener = makeAuthority();
  config::TlsServer config;
  config.cert = listener.certificate();
  config.key = Secret(listener.key());
  config.client_auth = config::ClientAuth::RequireAndVerify;
  config.client_ca_file = mount.config.ca_file;
  config.crl_file = mount.config.crl_file;
  const auto loaded = loadServerContext(config, {}, std::chrono::system_clock::now());
  if (!loaded) return "not loaded: " + loaded.error().what;
  Visitor visitor;
  visitor.shows(given.leaf);
  for (const auto& sent : given.sent) visitor.sends(sent);
  const auto seen = visit(loaded->context.get(), visitor);
  EXPECT_EQ(seen.error.empty(), seen.refused.empty());
  return seen.refused;
}

void check(const ChainCase& given) {
  SCOPED_TRACE(given.name);
  Mount mount;
  mount.ca(pemOf(given.trusted));
  for (const auto& refusal : {refusalOfServer(given, mount), refusalOfClient(given, mount)}) {
    if (given.refusal.empty()) {
      EXPECT_EQ(refusal, "");
    } else {
      EXPECT_THAT(refusal, HasSubstr(given.refusal));
    }
  }
}

TEST(ChainSearchTest, TriesEveryAuthorityOfOneName) {
  const auto current = makeAuthority("Corp Root");
  const auto old = current.again(expiredAuthority("Corp Root"));
  const auto rekeyed = makeAuthority("Corp Root");
  auto without = authority("Corp Root");
  without.key_identifiers = false;
  const auto bare = current.again(without);
  const auto bare_rekeyed = Identity::selfSigned(without);
  const auto leaf = leafOf(current);
  const auto bare_leaf =
      bare.issue({.common_name = "svc", .names = {"localhost"}, .key_identifiers = false});

  for (const auto& shown : {leaf, bare_leaf}) {
    for (const auto& [name, trusted] : std::vector<std::pair<std::string, std::vector<Identity>>>{
             {"old, current", {old, current}},
             {"current, old", {current, old}},
             {"current, rekeyed", {current, rekeyed}},
             {"rekeyed, current", {rekeyed, current}},
             {"old, current, rekeyed", {old, current, rekeyed}},
             {"old, rekeyed, current", {old, rekeyed, current}},
             {"current, old, rekeyed", {current, old, rekeyed}},
             {"rekeyed, old, current", {rekeyed, old, current}},
             {"without identifiers", {bare_rekeyed, bare}},
             {"without identifiers, the other order", {bare, bare_rekeyed}},
         }) {
      check({name, shown, {}, trusted, ""});
    }
  }
  check(
      {"only the old one", leaf, {}, {old}, "certificate of the chain 'Corp Root', which is in "});
  check({"only the rekeyed one", leaf, {}, {rekeyed}, "with another key than that of the CA"});
}

TEST(ChainSearchTest, TriesEveryPathOfCrossSignedAuthorities) {
  const auto dst = Identity::selfSigned(expiredAuthority("DST"));
  const auto other = makeAuthority("Other");
  const auto x1 = makeAuthority("X1");
  const auto cross = x1.again(authority("X1"), &dst);
  const auto cross_expired = x1.again(expiredAuthority("X1"), &dst);
  const auto cross_other = x1.again(authority("X1"), &other);
  const auto r3 = makeAuthority("R3", x1);
  const auto r3_expired = r3.again(expiredAuthority("R3"), &x1);
  const auto r3_of_dst = r3.again(expiredAuthority("R3"), &dst);
  const auto stranger = makeAuthority("R3", x1);
  const auto leaf = leafOf(r3);

  for (const auto& given : {
           ChainCase{"to the root that is trusted", leaf, {r3, cross}, {x1}, ""},
           ChainCase{"both trusted, one expired", leaf, {r3, cross}, {x1, dst}, ""},
           ChainCase{"both trusted, the expired one first", leaf, {r3, cross}, {dst, x1}, ""},
           ChainCase{"the cross-signed one expired", leaf, {r3, cross_expired}, {dst, x1}, ""},
           ChainCase{"only over the cross-signed one", leaf, {r3, cross_other}, {other}, ""},
           ChainCase{"the cross-signed one trusted", leaf, {r3}, {cross_other}, ""},
           ChainCase{"two intermediates, expired first", leaf, {r3_of_dst, r3}, {x1}, ""},
           ChainCase{"two intermediates, expired last", leaf, {r3, r3_of_dst}, {x1}, ""},
           ChainCase{"expired one sent, valid one trusted", leaf, {r3_expired}, {x1, r3}, ""},
           ChainCase{"expired one sent, only the valid one trusted", leaf, {r3_expired}, {r3}, ""},
           ChainCase{"expired one trusted, valid one sent", leaf, {r3}, {x1, r3_expired}, ""},
           ChainCase{"intermediate of that name and another key", leaf, {stranger, r3}, {x1}, ""},
           ChainCase{"another order", leaf, {x1, r3}, {x1}, ""},
           ChainCase{"the leaf twice", leaf, {leaf, r3}, {x1}, ""},
           ChainCase{"a stranger between", leaf, {other, r3}, {x1}, ""},
           ChainCase{"the leaf trusted", leaf, {}, {leaf}, ""},
           ChainCase{"only the expired root",
                     leaf,
                     {r3, cross},
                     {dst},
                     "certificate of the chain 'DST', which is in "},
           ChainCase{"only the expired intermediate",
                     leaf,
                     {r3_expired},
                     {x1},
                     "certificate of the chain 'R3', which the "},
           ChainCase{"wrong intermediate", leaf, {stranger}, {x1}, "wrong intermediate: "},
           ChainCase{"nothing trusted", leaf, {r3}, {other}, "is signed by 'X1', which is not in "},
       }) {
    check(given);
  }
}

// RFC 4210, section 4.4: the new key of a CA, signed by the old one, or the reverse.
TEST(ChainSearchTest, FollowsTheCertificatesBetweenTwoKeysOfOneAuthority) {
  const auto old = makeAuthority("Corp Root");
  const auto rekeyed = makeAuthority("Corp Root");
  const auto new_with_old = rekeyed.again(authority("Corp Root"), &old);
  const auto old_with_new = old.again(authority("Corp Root"), &rekeyed);
  auto bare = authority("Corp Root");
  bare.key_identifiers = false;

  check({"new with old", leafOf(rekeyed), {new_with_old}, {old}, ""});
  check({"old with new", leafOf(old), {old_with_new}, {rekeyed}, ""});
  check({"both", leafOf(old), {new_with_old, old_with_new}, {rekeyed}, ""});
  check({"without identifiers",
         leafOf(rekeyed),
         {rekeyed.again(bare, &old)},
         {old},
         "certificate of the chain 'Corp Root' has the name of its issuer, but another key, and no "
         "authorityKeyIdentifier that tells the two apart: issue it again with one, or put it "
         "into "});
}

TEST(ChainSearchTest, NamesTheCertificateAtFaultAndItsFile) {
  const auto current = makeAuthority("Corp Root");
  const auto old = current.again(expiredAuthority("Corp Root"));
  const auto rekeyed = makeAuthority("Corp Root");
  const auto r3 = makeAuthority("R3", current);
  const auto r3_expired = r3.again(expiredAuthority("R3"), &current);
  const auto stranger = makeAuthority("R3", current);
  const auto until = [](const Identity& one) { return rfc3339(validityOf(*one.x509()).not_after); };
  Mount mount;
  const auto refusal = [&](const Identity& leaf, const std::vector<Identity>& sent,
                           const Identity& trusted) {
    mount.ca(trusted);
    return refusalOfServer({"", leaf, sent, {}, ""}, mount);
  };
  const std::string file = mount.path("ca.crt");

  EXPECT_EQ(refusal(leafOf(current), {}, old),
            "localhost: certificate of the chain 'Corp Root', which is in " + file +
                ", expired at " + until(old) + ": renew it and put it into " + file);
  EXPECT_EQ(refusal(leafOf(r3), {r3_expired}, current),
            "localhost: certificate of the chain 'R3', which the server sends, expired at " +
                until(r3_expired) + ": renew it at the server");
  EXPECT_EQ(refusal(leafOf(current), {}, rekeyed),
            "localhost: unknown CA: certificate is signed by 'Corp Root' with another key than "
            "that of the CA of this name in " +
                file + " (valid until " + until(rekeyed) +
                "): the CA has several keys, add its certificate with that key and keep what is "
                "there");
  EXPECT_EQ(refusal(leafOf(r3), {stranger}, current),
            "localhost: wrong intermediate: certificate is signed by 'R3', but the server sends a "
            "certificate of this name with another key (valid until " +
                until(stranger) + "): let the server send the one that signed it");
  EXPECT_EQ(refusal(leafOf(r3), {r3}, rekeyed),
            "localhost: unknown CA: certificate of the chain 'R3' is signed by 'Corp Root' with "
            "another key than that of the CA of this name in " +
                file + " (valid until " + until(rekeyed) +
                "): the CA has several keys, add its certificate with that key and keep what is "
                "there");
}

TEST(ChainSearchTest, TakesTheCrlOfTheKeyAmongThoseOfOneName) {
  const auto old = makeAuthority("Corp Root");
  const auto rekeyed = makeAuthority("Corp Root");
  const auto leaf = leafOf(old);
  const auto revoked = leafOf(old);
  const std::string newer = rekeyed.crl({.last_update = -std::chrono::minutes(1)});
  Mount mount;
  mount.ca(pemOf({old, rekeyed})).crl(newer + old.crl({.revoked = {revoked}}));
  const auto refusals = [&](const Identity& shown) {
    const ChainCase given{"", shown, {}, {}, ""};
    return std::vector<std::string>{refusalOfServer(given, mount), refusalOfClient(given, mount)};
  };

  EXPECT_THAT(refusals(leaf), ::testing::Each(""));
  EXPECT_THAT(refusals(leafOf(rekeyed)), ::testing::Each(""));
  EXPECT_THAT(refusals(revoked), ::testing::Each(HasSubstr("was revoked at ")));
  mount.crl(newer);
  EXPECT_THAT(refusals(leaf),
              ::testing::Each(HasSubstr("a signature that does not match the key")));
}

// Each of these CAs is signed by every other one, which makes more paths than can be tried.
TEST(ChainSearchTest, EndsInAMeshOfCrossSignedAuthorities) {
  constexpr int kAuthorities = 8;
  std::vector<Identity> roots;
  for (int i = 0; i < kAuthorities; ++i) roots.push_back(makeAuthority("M" + std::to_string(i)));
  std::vector<Identity> mesh;
  for (int i = 0; i < kAuthorities; ++i) {
    for (int j = 0; j < kAuthorities; ++j) {
      if (i != j) mesh.push_back(roots[i].again(authority("M" + std::to_string(i)), &roots[j]));
    }
  }
  const auto leaf = leafOf(roots[0]);

  check({"no way out", leaf, mesh, {makeAuthority("Elsewhere")}, "is not in "});
  check({"trusted", leaf, mesh, {roots[0]}, ""});
  check({"another one trusted", leaf, mesh, {roots[5]}, ""});
}

}  // namespace
}  // namespace postern::tls
