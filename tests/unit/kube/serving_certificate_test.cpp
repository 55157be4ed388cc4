#include "kube/serving_certificate.h"
#include "base/encoding.h"

#include <openssl/ssl.h>

#include <algorithm>

#include "unit/kube/fake_objects.h"

namespace postern::kube {
namespace {

using std::chrono::seconds;

std::size_t certificatesIn(const std::string& pem) {
  std::size_t count = 0;
  for (auto at = pem.find("BEGIN CERT"); at != std::string::npos;
       at = pem.find("BEGIN CERT", at + 1)) {
    ++count;
  }
  return count;
}

struct Replica {
  Replica(ApiClient& api, const CertificatePlace& place, const Clock& clock)
      : certificate(api, place, material, clock) {}
  std::chrono::milliseconds update(const std::stop_token& stop) { return certificate.update(stop); }

  ServingMaterial material;
  ServingCertificate certificate;
};

class ServingCertificateTest : public ApiTest {
 protected:
  static constexpr seconds kLife = std::chrono::hours(30);

  ServingCertificateTest() {
    answers([this](const Asked& now) { return objects.answer(now); });
  }

  static CertificatePlace place() {
    return {"postern-tls", "postern", "injector", "monitoring", kLife};
  }

  static std::string shownBy(const Replica& by) {
    X509* const shown = SSL_CTX_get0_certificate(by.material.now().get());
    if (shown == nullptr) return "nothing";
    const tls::BioPtr out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), shown);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  // An API server with the current caBundle accepts the certificate that the replica serves.
  bool accepted(const Replica& by) {
    return bool(tls::vouchedFor({objects.bundle(), shownBy(by), keyOf(by)},
                                "injector.monitoring.svc", clock.system()));
  }
  static Secret keyOf(const Replica& by) {
    const tls::BioPtr out(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(out.get(), SSL_CTX_get0_privatekey(by.material.now().get()), nullptr,
                             nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return Secret({text, static_cast<std::size_t>(size)});
  }
  std::size_t changes() const {
    const auto all = asked();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [](const Asked& now) { return now.method != "GET"; }));
  }

  FakeObjects objects;
  Replica replica{*api, place(), clock};
};

TEST_F(ServingCertificateTest, IsMadeWhenTheSecretIsEmpty) {
  EXPECT_FALSE(replica.material.status().ready);
  EXPECT_EQ(shownBy(replica), "nothing");

  replica.update(never);

  EXPECT_TRUE(replica.material.status().ready);
  EXPECT_TRUE(accepted(replica));
  EXPECT_EQ(objects.data("tls.crt"), shownBy(replica));
  EXPECT_EQ(objects.bundle(0), objects.data("ca.crt"));
  EXPECT_EQ(objects.bundle(1), objects.data("ca.crt"));
  EXPECT_EQ(replica.material.status().not_after, clock.system() + kLife);
  // The CA's own key is not stored anywhere.
  EXPECT_EQ(objects.secret["data"].size(), 3U);
}

TEST_F(ServingCertificateTest, IsSharedByAllReplicas) {
  replica.update(never);
  Replica other(*api, place(), clock);
  const auto before = changes();

  other.update(never);

  EXPECT_EQ(shownBy(other), shownBy(replica));
  EXPECT_TRUE(other.material.status().ready);
  EXPECT_EQ(changes(), before);
}

TEST_F(ServingCertificateTest, IsThatOfTheReplicaWhichWasQuicker) {
  const auto theirs =
      tls::issue({"injector.monitoring.svc"}, {clock.system() - 1s, clock.system() + kLife});
  objects.before = [&](const Asked&) {
    objects.before = [&](const Asked&) {
      objects.before = [&](const Asked&) {
        objects.put("tls.crt", theirs->certificate);
        objects.put("tls.key", std::string(theirs->key.reveal()));
        objects.put("ca.crt", theirs->authority);
      };
    };
  };

  replica.update(never);

  EXPECT_EQ(shownBy(replica), theirs->certificate);
  EXPECT_EQ(api->counts(), (ApiClient::RequestCounts{asked().size(), 0, 0}));
  EXPECT_TRUE(accepted(replica));
}

TEST_F(ServingCertificateTest, IsWrittenAgainWhenTheWebhookChangedMeanwhile) {
  replica.update(never);
  objects.webhook["webhooks"][1]["clientConfig"].erase("caBundle");
  objects.touch(objects.webhook);
  objects.before = [&](const Asked&) {
    objects.before = [&](const Asked&) {
      objects.before = [&](const Asked&) { objects.touch(objects.webhook); };
    };
  };

  replica.update(never);

  EXPECT_EQ(objects.bundle(1), objects.data("ca.crt"));
  EXPECT_EQ(api->counts(), (ApiClient::RequestCounts{asked().size(), 0, 0}));
}

TEST_F(ServingCertificateTest, IsLeftAloneWhileItIsGood) {
  replica.update(never);
  const auto before = changes();
  const auto shown = shownBy(replica);

  for (int hour = 0; hour < 16; ++hour) {
    clock.advance(1h);
    EXPECT_EQ(replica.update(never), 30s);
  }

  EXPECT_EQ(changes(), before);
  EXPECT_EQ(shownBy(replica), shown);
}

TEST_F(ServingCertificateTest, IsRenewedAtTwoThirdsAndShownWhenTheAuthorityHasSettled) {
  replica.update(never);
  Replica other(*api, place(), clock);
  other.update(never);
  const auto old = shownBy(replica);
  const auto old_authority = objects.bundle();

  clock.advance(20h);  // two thirds of 30 h and of the hour before
  const auto next = replica.update(never);

  // Both are trusted, the old one is served.
  EXPECT_EQ(certificatesIn(objects.bundle()), 2U);
  EXPECT_THAT(objects.bundle(), HasSubstr(old_authority));
  EXPECT_NE(objects.data("tls.crt"), old);
  EXPECT_EQ(shownBy(replica), old);
  EXPECT_TRUE(accepted(replica));
  EXPECT_EQ(next, 10s);

  clock.advance(10s);
  replica.update(never);
  EXPECT_EQ(shownBy(replica), objects.data("tls.crt"));
  EXPECT_TRUE(accepted(replica));
  // The other replica has not read yet; then it switches as well.
  EXPECT_EQ(shownBy(other), old);
  EXPECT_TRUE(accepted(other));
  other.update(never);
  EXPECT_EQ(shownBy(other), old);
  clock.advance(10s);
  other.update(never);
  EXPECT_EQ(shownBy(other), shownBy(replica));
}

TEST_F(ServingCertificateTest, IsRenewedAgainAndAgainWithoutAMomentOfDistrust) {
  Replica other(*api, place(), clock);
  replica.update(never);
  other.update(never);
  std::size_t most = 0;

  for (int i = 0; i < 100; ++i) {
    clock.advance(1h);
    for (auto* one : {&replica, &other}) {
      one->update(never);
      EXPECT_TRUE(accepted(replica)) << i;
      EXPECT_TRUE(accepted(other)) << i;
    }
    most = std::max(most, certificatesIn(objects.bundle()));
  }

  EXPECT_EQ(most, 2U);
}

TEST_F(ServingCertificateTest, LetsAnExpiredAuthorityGo) {
  replica.update(never);
  clock.advance(20h);
  replica.update(never);
  ASSERT_EQ(certificatesIn(objects.bundle()), 2U);

  clock.advance(11h);
  replica.update(never);

  EXPECT_EQ(certificatesIn(objects.bundle()), 1U);
  EXPECT_TRUE(accepted(replica));
}

TEST_F(ServingCertificateTest, ReplacesASecretThatHoldsSomethingElse) {
  const auto mends = [this](const char* key, const std::string& value) {
    SCOPED_TRACE(key + (": " + value.substr(0, 40)));
    replica.update(never);
    const auto shown = shownBy(replica);
    objects.put(key, value);

    replica.update(never);

    // The served certificate stays trusted until all replicas use the new one.
    EXPECT_EQ(shownBy(replica), shown);
    EXPECT_TRUE(accepted(replica));
    clock.advance(10s);
    replica.update(never);
    EXPECT_NE(shownBy(replica), shown);
    EXPECT_EQ(shownBy(replica), objects.data("tls.crt"));
    EXPECT_TRUE(accepted(replica));
  };
  const auto stranger =
      tls::issue({"injector.monitoring.svc"}, {clock.system() - 1s, clock.system() + kLife});
  const auto other_name = testing::makeAuthority();

  mends("tls.crt", "no certificate");
  mends("tls.crt", "");
  mends("tls.crt", stranger->certificate);
  mends("tls.key", "no key");
  mends("tls.key", std::string(stranger->key.reveal()));
  mends("ca.crt", stranger->authority);
  mends("ca.crt", "");
  mends("ca.crt", other_name.certificate());
}

TEST_F(ServingCertificateTest, ReplacesASecretThatIsForAnotherService) {
  auto elsewhere = place();
  elsewhere.service = "other";
  Replica(*api, elsewhere, clock).update(never);

  replica.update(never);

  EXPECT_TRUE(accepted(replica));
}

TEST_F(ServingCertificateTest, KeepsWhatAnotherReplicaShowsTrustedWhenTheSecretWasBroken) {
  Replica other(*api, place(), clock);
  other.update(never);
  objects.secret["data"] = {{"tls.crt", "AAAA"}};
  objects.touch(objects.secret);

  replica.update(never);  // has never seen the old one

  EXPECT_TRUE(accepted(replica));
  EXPECT_TRUE(accepted(other));
}

TEST_F(ServingCertificateTest, KeepsWhatIsShownTrustedWhenTheSecretWasRestored) {
  replica.update(never);
  const auto before = objects.secret["data"];
  clock.advance(19h + 30min);
  objects.secret["data"] = nullptr;
  objects.touch(objects.secret);
  replica.update(never);
  clock.advance(10s);
  replica.update(never);
  ASSERT_EQ(shownBy(replica), objects.data("tls.crt"));

  objects.secret["data"] = before;
  objects.touch(objects.secret);
  for (int second = 0; second < 30; ++second) {
    replica.update(never);
    EXPECT_TRUE(accepted(replica)) << second;
    clock.advance(1s);
  }

  EXPECT_EQ(shownBy(replica), objects.data("tls.crt"));
}

TEST_F(ServingCertificateTest, ReplacesACaBundleThatIsNoPem) {
  objects.webhook["webhooks"][0]["clientConfig"]["caBundle"] = encodeBase64("no PEM");
  objects.secret["data"] = {{"tls.crt", "AAAA"}, {"ca.crt", "AAAA"}};

  replica.update(never);

  EXPECT_TRUE(accepted(replica));
  EXPECT_EQ(certificatesIn(objects.bundle()), 1U);
}

TEST_F(ServingCertificateTest, IsMadeAgainWhenTheSecretWasDeleted) {
  replica.update(never);
  objects.secret = nullptr;

  replica.update(never);
  clock.advance(10s);
  replica.update(never);

  EXPECT_EQ(objects.secret["type"], "Opaque");
  EXPECT_EQ(shownBy(replica), objects.data("tls.crt"));
  EXPECT_TRUE(accepted(replica));
  EXPECT_EQ(api->counts(), (ApiClient::RequestCounts{asked().size(), 0, 0}));
}

TEST_F(ServingCertificateTest, IsShownOnWhileNothingCanBeWritten) {
  replica.update(never);
  const auto shown = shownBy(replica);
  objects.denied = true;
  clock.advance(20h);

  EXPECT_EQ(replica.update(never), 1s);
  EXPECT_EQ(replica.update(never), 2s);
  EXPECT_EQ(replica.update(never), 4s);
  EXPECT_EQ(shownBy(replica), shown);
  EXPECT_TRUE(replica.material.status().ready);

  objects.denied = false;
  EXPECT_EQ(replica.update(never), 10s);
}

TEST_F(ServingCertificateTest, IsNotReadyBeforeTheWebhookExists) {
  const auto webhook = std::exchange(objects.webhook, nullptr);

  replica.update(never);
  EXPECT_FALSE(replica.material.status().ready);
  EXPECT_EQ(changes(), 0U);

  objects.webhook = webhook;
  replica.update(never);
  EXPECT_TRUE(replica.material.status().ready);
}

TEST_F(ServingCertificateTest, GivesUpForAWhileWhenSomebodyKeepsWriting) {
  std::function<void(const Asked&)> again = [&](const Asked&) {
    objects.touch(objects.secret);
    objects.before = again;
  };
  objects.before = again;

  EXPECT_EQ(replica.update(never), 1s);
  EXPECT_FALSE(replica.material.status().ready);
  EXPECT_EQ(changes(), 5U);
}

TEST_F(ServingCertificateTest, LeavesWhatElseStandsInTheObjects) {
  objects.secret["metadata"]["labels"] = {{"app", "postern"}};
  objects.secret["data"]["more"] = "AAAA";

  replica.update(never);

  EXPECT_EQ(objects.secret["metadata"]["labels"]["app"], "postern");
  EXPECT_EQ(objects.secret["data"]["more"], "AAAA");
  EXPECT_EQ(objects.webhook["webhooks"][0]["clientConfig"]["service"]["name"], "postern");
}

TEST_F(ServingCertificateTest, LogsNoSecret) {
  ::testing::internal::CaptureStderr();
  replica.update(never);
  objects.put("tls.crt", "broken");
  replica.update(never);
  objects.denied = true;
  clock.advance(20h);
  replica.update(never);
  const auto text = ::testing::internal::GetCapturedStderr();

  EXPECT_THAT(text, HasSubstr("a new certificate for the webhook was issued"));
  EXPECT_THAT(text, HasSubstr("cannot be used"));
  for (const auto& line :
       {objects.data("tls.key").substr(28, 40),
        std::string(findText(objects.secret, {"data", "tls.key"}).substr(40, 40)),
        std::string("first-token"), std::string("PRIVATE")}) {
    EXPECT_THAT(text, Not(HasSubstr(line)));
  }
}

}  // namespace
}  // namespace postern::kube
