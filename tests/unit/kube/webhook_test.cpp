#include "kube/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/certificates.h"
#include "fakes/fake_clock.h"
#include "kube/serving_material.h"
#include "unit/kube/pods.h"

namespace postern::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

http::Request reviewRequest() {
  const Json review = {{"apiVersion", "admission.k8s.io/v1"},
                       {"kind", "AdmissionReview"},
                       {"request",
                        {{"uid", "1"},
                         {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
                         {"operation", "CREATE"},
                         {"object", podRequesting()}}}};
  return {"POST", "/mutate", "", {{"content-type", "application/json"}}, review.dump()};
}

bool nobodyGone() {
  return false;
}

TEST(WebhookTest, AnswersAReviewAndCountsIt) {
  Webhook webhook(rulesWith());
  for (const auto* type : {"application/json", "Application/JSON ; charset=utf-8"}) {
    auto request = reviewRequest();
    request.headers[0].second = type;
    const auto reply = webhook.answer(request, nobodyGone);
    EXPECT_EQ(reply.head.status, 200);
    EXPECT_EQ(reply.head.content_type, "application/json");
    EXPECT_EQ(Json::parse(reply.body)["response"]["allowed"], true);
  }
  EXPECT_THAT(webhook.counts(), ElementsAre(2, 0, 0, 0, 0, 0, 0, 0));
}

TEST(WebhookTest, RefusesWhatIsNoReviewAtAll) {
  Webhook webhook(rulesWith());
  const auto refuses = [&](http::Request request, int status, const char* why) {
    auto reply = webhook.answer(request, nobodyGone);
    EXPECT_EQ(reply.head.status, status);
    EXPECT_THAT(reply.body, HasSubstr(why));
    return reply;
  };
  const auto with = [](auto change) {
    auto request = reviewRequest();
    change(request);
    return request;
  };

  refuses(with([](auto& request) { request.path = "/"; }), 404, "at /mutate");
  const auto reply = refuses(with([](auto& request) { request.method = "GET"; }), 405, "POST");
  EXPECT_EQ(reply.head.headers, (http::Headers{{"Allow", "POST"}}));
  refuses(with([](auto& request) { request.headers.clear(); }), 415, "application/json");
  refuses(with([](auto& request) { request.headers[0].second = "application/jsonp"; }), 415, "");
  refuses(with([](auto& request) { request.body.clear(); }), 400, "the body is empty");
  EXPECT_EQ(webhook.counts()[static_cast<std::size_t>(ReviewResult::BadRequest)], 5U);
}

TEST(ServingMaterialTest, IsTakenFromAFolderAndKeptWhenItGoesBad) {
  const testing::TemporaryFolder folder;
  testing::FakeClock clock;
  ServingMaterial material;
  MountedPair mounted(folder.path(), material, clock);

  mounted.poll();
  EXPECT_FALSE(material.status().ready);
  EXPECT_NE(material.now(), nullptr) << "every handshake is refused";

  const auto pair = testing::makeServer(testing::makeAuthority(), {"localhost"});
  folder.write("tls.crt", pair.certificate());
  mounted.poll();
  EXPECT_FALSE(material.status().ready) << "the key does not exist yet";
  folder.write("tls.key", pair.key());
  mounted.poll();
  EXPECT_TRUE(material.status().ready);
  EXPECT_TRUE(material.status().not_after);

  const auto before = material.now();
  folder.write("tls.key", "half a k");
  mounted.poll();
  EXPECT_EQ(material.now(), before);
  folder.write("tls.key", pair.key());
  mounted.poll();
  EXPECT_NE(material.now(), before);
}

}  // namespace
}  // namespace postern::kube
