#include "kube/review.h"
#include "base/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/syntax.h"
#include "unit/kube/pods.h"

namespace postern::kube {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Json reviewOf(const char* kind, Json object, const char* operation = "CREATE") {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", "705ab4f5-6393-11e8-b7cc-42010a800002"},
            {"kind", {{"group", ""}, {"version", "v1"}, {"kind", kind}}},
            {"name", "web"},
            {"namespace", "shop"},
            {"operation", operation},
            {"object", std::move(object)},
            {"oldObject", nullptr},
            {"dryRun", false}}}};
}

ReviewAnswer answerTo(const Json& review, const InjectionRules& rules = rulesWith()) {
  return answerReview(review.dump(), rules);
}

// The response of an answer, which always has the form that the API server requires.
Json responseOf(const ReviewAnswer& answer) {
  EXPECT_EQ(answer.status, 200);
  const auto document = Json::parse(answer.body);
  EXPECT_EQ(document["apiVersion"], "admission.k8s.io/v1");
  EXPECT_EQ(document["kind"], "AdmissionReview");
  EXPECT_EQ(document["response"]["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
  return document["response"];
}

Json configMapWith(const std::string& text) {
  return {{"metadata", {{"name", "web-postern"}, {"labels", {{"postern.io/config", "true"}}}}},
          {"data", {{"postern.yml", text}}}};
}

TEST(ReviewTest, AnswersAPodWithAPatch) {
  const auto pod = podRequesting();

  const auto answer = answerTo(reviewOf("Pod", pod));

  EXPECT_EQ(answer.result, ReviewResult::Injected);
  EXPECT_EQ(answer.what, "Pod shop/web");
  const auto response = responseOf(answer);
  EXPECT_EQ(response["allowed"], true);
  EXPECT_EQ(response["patchType"], "JSONPatch");
  const auto patch = Json::parse(*decodeBase64(response["patch"].get<std::string>()));
  EXPECT_EQ(pod.patch(patch)["metadata"]["labels"]["postern.io/status"], "injected");
}

TEST(ReviewTest, AnswersADryRunAsAnyOther) {
  auto review = reviewOf("Pod", podRequesting());
  const auto answer = answerTo(review);
  review["request"]["dryRun"] = true;

  EXPECT_EQ(answerTo(review).body, answer.body);
}

TEST(ReviewTest, RefusesWithTheReason) {
  const auto answer = answerTo(reviewOf("Pod", podRequesting({{"port", "x"}})));

  EXPECT_EQ(answer.result, ReviewResult::Refused);
  const auto response = responseOf(answer);
  EXPECT_EQ(response["allowed"], false);
  EXPECT_EQ(response["status"]["code"], 422);
  EXPECT_THAT(response["status"]["message"].get<std::string>(),
              StartsWith("postern: postern.io/port: "));
  EXPECT_FALSE(response.contains("patch"));
}

TEST(ReviewTest, CarriesWarnings) {
  auto pod = podRequesting();
  pod["spec"]["hostNetwork"] = true;

  EXPECT_EQ(responseOf(answerTo(reviewOf("Pod", pod)))["warnings"].size(), 1U);
}

TEST(ReviewTest, AllowsAPodWithAnnotationsAloneAndCountsIt) {
  auto pod = podRequesting();
  pod["metadata"].erase("labels");

  const auto answer = answerTo(reviewOf("Pod", pod));

  EXPECT_EQ(answer.result, ReviewResult::Unlabeled);
  EXPECT_EQ(kReviewResultNames[static_cast<std::size_t>(answer.result)], "unlabeled");
  const auto response = responseOf(answer);
  EXPECT_EQ(response["allowed"], true);
  EXPECT_FALSE(response.contains("patch"));
  EXPECT_THAT(response["warnings"][0].get<std::string>(), HasSubstr("gets no sidecar without"));
}

TEST(ReviewTest, AllowsUnchangedWhatIsNotForIt) {
  const auto ignores = [](const Json& review) {
    const auto answer = answerTo(review);
    EXPECT_EQ(answer.result, ReviewResult::Ignored);
    const auto response = responseOf(answer);
    EXPECT_EQ(response["allowed"], true);
    EXPECT_FALSE(response.contains("patch"));
  };

  auto unlabeled = podRequesting();
  unlabeled["metadata"].erase("labels");
  unlabeled["metadata"].erase("annotations");
  ignores(reviewOf("Pod", unlabeled));
  auto mirror = podRequesting({{"nonsense", "x"}});
  mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "abc";
  ignores(reviewOf("Pod", mirror));
  ignores(reviewOf("Pod", podRequesting(), "UPDATE"));
  ignores(reviewOf("Pod", nullptr, "DELETE"));
  ignores(reviewOf("Secret", podRequesting()));
  auto config_map = configMapWith("nonsense");
  config_map["metadata"].erase("labels");
  ignores(reviewOf("ConfigMap", config_map));
  auto other = reviewOf("Pod", podRequesting());
  other["request"]["subResource"] = "ephemeralcontainers";
  ignores(other);
  other = reviewOf("Pod", podRequesting());
  other["request"]["kind"]["group"] = "example";
  ignores(other);
}

TEST(ReviewTest, FindsABadConfigurationAtAdmission) {
  const auto refuses = [](const std::string& text, const std::string& message) {
    SCOPED_TRACE(text);
    const auto answer = answerTo(reviewOf("ConfigMap", configMapWith(text), "UPDATE"));
    EXPECT_EQ(answer.result, ReviewResult::ConfigRefused);
    EXPECT_THAT(responseOf(answer)["status"]["message"].get<std::string>(), HasSubstr(message));
  };

  refuses("", "postern.yml:1:1: is empty, expected targets");
  refuses("targets:\n  - name: a\n    urll: https://localhost\n", "postern.yml:3:5: ");
  refuses("targets: [{ name: a, url: 'http://localhost' }]", "https");
  refuses("targets: [", "postern.yml:");

  auto without = configMapWith("");
  without["data"].erase("postern.yml");
  EXPECT_THAT(answerTo(reviewOf("ConfigMap", without)).message,
              HasSubstr("expected the key postern.yml under data"));
}

TEST(ReviewTest, RefusesAConfigurationWithAHostThatIsNotAllowed) {
  auto rules = rulesWith();
  rules.allowed_target_hosts = {"api.example.com"};
  const auto review = reviewOf(
      "ConfigMap", configMapWith("targets: [{ name: a, url: 'https://evil.example' }]"), "UPDATE");

  EXPECT_EQ(answerTo(review).result, ReviewResult::ConfigAccepted);
  const auto answer = answerTo(review, rules);
  EXPECT_EQ(answer.result, ReviewResult::ConfigRefused);
  EXPECT_THAT(responseOf(answer)["status"]["message"].get<std::string>(),
              StartsWith("postern: postern.yml: target a: url: the host evil.example is not"));
}

TEST(ReviewTest, ReadsNoFileThatAConfigurationNames) {
  const auto answer = answerTo(reviewOf(
      "ConfigMap", configMapWith("targets:\n"
                                 "  - name: a\n"
                                 "    url: https://localhost\n"
                                 "    match_file: /etc/passwd\n"
                                 "    anonymize: { labels: [number], salt_file: /nowhere/salt }\n"
                                 "    tls_config: { ca_file: /nowhere/ca.crt }\n")));

  EXPECT_EQ(answer.result, ReviewResult::ConfigAccepted) << answer.message;
  EXPECT_EQ(responseOf(answer)["allowed"], true);
}

TEST(ReviewTest, RefusesWhatIsNoReview) {
  const auto refuses = [](const std::string& body, const std::string& why) {
    SCOPED_TRACE(body.substr(0, 80));
    const auto answer = answerReview(body, rulesWith());
    EXPECT_EQ(answer.result, ReviewResult::BadRequest);
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, AllOf(StartsWith("bad_request: "), HasSubstr(why)));
  };
  const auto review = reviewOf("Pod", podRequesting());
  const auto without = [&](const char* pointer) {
    auto part = review;
    part[Json::json_pointer(pointer)] = nullptr;
    return part.dump();
  };

  refuses("", "is empty");
  refuses("{", "is not JSON");
  refuses(review.dump().substr(0, 200), "is not JSON, or is incomplete");
  refuses(review.dump() + "{}", "is not JSON");
  refuses("[]", "is not an AdmissionReview of admission.k8s.io/v1");
  refuses("7", "is not an AdmissionReview");
  refuses(without("/kind"), "is not an AdmissionReview");
  refuses(without("/apiVersion"), "is not an AdmissionReview");
  auto old = review;
  old["apiVersion"] = "admission.k8s.io/v1beta1";
  refuses(old.dump(), "is not an AdmissionReview of admission.k8s.io/v1");
  refuses(without("/request"), "has no request");
  refuses(without("/request/uid"), "has no uid");
  old = review;
  old["request"]["uid"] = std::string(200, 'x');
  refuses(old.dump(), "the uid of the review is too long");
  old["request"] = Json::array({1});
  refuses(old.dump(), "has no request");
  // Reviews that would exhaust the stack or the memory
  refuses(std::string(3U << 20, '['), "nests deeper than 64 levels");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"a":)";
  refuses(deep, "nests deeper than 64 levels");
  std::string wide = "[0";
  while (wide.size() < (3U << 20) - 2) wide += ",0";
  refuses(wide + "]", "holds more than 200000 values");
}

struct GoneCase {
  const char* what;
  Json review;
  bool dropped;
};

TEST(ReviewTest, DropsACostlyReviewThatNobodyWaitsFor) {
  auto large = podRequesting();
  large["metadata"]["annotations"]["example.com/note"] = std::string(100'000, 'x');
  for (const auto& [what, review, dropped] :
       {GoneCase{"a pod", reviewOf("Pod", podRequesting()), false},
        GoneCase{"a large pod", reviewOf("Pod", large), true},
        GoneCase{"a configuration", reviewOf("ConfigMap", configMapWith("targets: []\n")), true}}) {
    const auto answer = answerReview(review.dump(), rulesWith(), [] { return true; });
    EXPECT_EQ(answer.status, dropped ? 503 : 200) << what;
    EXPECT_EQ(answerTo(review).status, 200) << what;
  }
}

TEST(ReviewTest, EndsForEveryCutReview) {
  const auto whole = reviewOf("Pod", podRequesting({{"preset", "whatsapp"}})).dump();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(answerReview(whole.substr(0, size), rulesWith()).result, ReviewResult::BadRequest);
  }
}

TEST(ReviewTest, EndsWhateverStandsInPlaceOfAValue) {
  const auto whole = reviewOf("Pod", podRequesting()).flatten();
  for (const auto& [pointer, value] : whole.items()) {
    for (const auto& other : {Json(nullptr), Json(7), Json("x"), Json(1e300), Json::array(),
                              Json::object(), Json::parse(R"([{"name": {}}])")}) {
      auto review = whole.unflatten();
      review[Json::json_pointer(pointer)] = other;
      const auto answer = answerTo(review);
      EXPECT_THAT(answer.body, Not(HasSubstr("POSTERN_TLS_DIR")));
    }
  }
}

TEST(ReviewTest, MakesForeignBytesPrintable) {
  auto review = reviewOf("Pod", podRequesting({{"port", "x"}}));
  review["request"]["name"] = "we\nb";

  EXPECT_EQ(answerTo(review).what, "Pod shop/we\\nb");
}

}  // namespace
}  // namespace postern::kube
