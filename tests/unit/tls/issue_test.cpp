#include "tls/issue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "fakes/certificates.h"
#include "tls/certificate.h"
#include "tls/pem.h"
#include "unit/tls/visit.h"

namespace postern::tls {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::HasSubstr;

// Certificates have a resolution of one second.
const SystemTime kNow = std::chrono::floor<seconds>(std::chrono::system_clock::now());
const Validity kDay{kNow - hours(1), kNow + hours(24)};

Issued issued(const std::string& name = "hook.shop.svc") {
  auto made = issue({name, "hook"}, kDay);
  EXPECT_TRUE(made);
  return *std::move(made);
}

std::string refusal(const Issued& one, SystemTime now = kNow,
                    const std::string& name = "hook.shop.svc") {
  const auto validity = vouchedFor(one, name, now);
  return validity ? "none" : validity.error().what;
}

TEST(IssueTest, MakesAServerThatItsAuthorityVouchesFor) {
  const auto one = issued();

  const auto validity = vouchedFor(one, "hook.shop.svc", kNow);

  ASSERT_TRUE(validity) << validity.error().what;
  EXPECT_EQ(validity->not_before, kDay.not_before);
  EXPECT_EQ(validity->not_after, kDay.not_after);
  EXPECT_EQ(refusal(one, kNow, "hook"), "none");
}

TEST(IssueTest, TheServerVouchesForNobody) {
  const auto one = issued();
  const auto leaf = parseCertificates(one.certificate, "leaf");
  const auto authority = parseCertificates(one.authority, "authority");

  EXPECT_EQ(X509_check_ca(leaf->front().get()), 0);
  EXPECT_EQ(X509_check_ca(authority->front().get()), 1);
  EXPECT_EQ(X509_check_purpose(leaf->front().get(), X509_PURPOSE_SSL_SERVER, 0), 1);
  EXPECT_EQ(X509_check_purpose(leaf->front().get(), X509_PURPOSE_SSL_CLIENT, 0), 0);
}

TEST(IssueTest, NoTwoAuthoritiesAreAlike) {
  const auto one = issued();
  const auto other = issued();

  EXPECT_NE(subjectOf(*parseCertificates(one.authority, "")->front()),
            subjectOf(*parseCertificates(other.authority, "")->front()));
  EXPECT_FALSE(one.key == other.key);
  // Both can be trusted at once: each is found.
  for (const auto* server : {&one, &other}) {
    EXPECT_EQ(refusal({one.authority + other.authority, server->certificate, server->key}), "none");
  }
}

TEST(IssueTest, IsTakenByADoorOfOurs) {
  const auto one = issued();
  config::TlsServer config;
  config.cert = one.certificate;
  config.key = one.key;

  const auto listener = loadServerContext(config, {}, kNow);

  ASSERT_TRUE(listener) << listener.error().what;
  EXPECT_TRUE(listener->warnings.empty());
  EXPECT_EQ(visit(listener->context.get(), Visitor()).shown, "postern inject");
}

TEST(VouchedForTest, SaysWhatIsWrong) {
  const auto one = issued();
  const auto other = issued();
  const Secret empty;

  EXPECT_THAT(refusal({one.authority, "", one.key}), HasSubstr("tls.crt: is empty"));
  EXPECT_THAT(refusal({one.authority, one.certificate, empty}), HasSubstr("tls.key: is empty"));
  EXPECT_THAT(refusal({"", one.certificate, one.key}), HasSubstr("ca.crt: is empty"));
  EXPECT_THAT(refusal({one.authority, one.certificate, other.key}),
              HasSubstr("tls.key: the key does not match the certificate"));
  EXPECT_THAT(refusal({other.authority, one.certificate, one.key}),
              HasSubstr("tls.crt: ca.crt does not verify it"));
  EXPECT_THAT(refusal(one, kDay.not_after + seconds(1)), HasSubstr("expired"));
  EXPECT_THAT(refusal(one, kDay.not_before - seconds(1)), HasSubstr("not yet valid"));
  EXPECT_EQ(refusal(one, kNow, "hook.bank.svc"),
            "tls.crt: is for hook.shop.svc, hook, not for hook.bank.svc");
}

TEST(UnexpiredTest, KeepsEachThatIsStillGoodOnce) {
  const auto one = issued();
  const auto old = *issue({"hook"}, {kNow - hours(30), kNow - hours(1)});
  const auto all = one.authority + old.authority + one.authority;

  EXPECT_EQ(unexpired(all, kNow, 9), one.authority);
  EXPECT_EQ(unexpired(all, kNow - hours(2), 9), one.authority + old.authority);
  EXPECT_EQ(unexpired(all, kNow - hours(2), 1), one.authority);
  EXPECT_EQ(unexpired(all, kNow + hours(25), 9), "");
  EXPECT_EQ(unexpired("", kNow, 9), "");
  EXPECT_EQ(unexpired("no PEM", kNow, 9), "");
}

}  // namespace
}  // namespace postern::tls
