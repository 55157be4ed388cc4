#include "kube/review.h"

#include <fmt/core.h>

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/encoding.h"
#include "base/printable.h"
#include "kube/config_map.h"
#include "kube/inject.h"
#include "tls/certificate.h"

namespace postern::kube {
namespace {

constexpr std::string_view kVersion = "admission.k8s.io/v1";
constexpr std::string_view kKind = "AdmissionReview";
constexpr std::size_t kLongestUid = 128;
constexpr std::size_t kQuickBody = 64U << 10;  // bytes; such a review takes about a millisecond
constexpr std::size_t kLongestMessage = 4U << 10;
constexpr int kUnprocessable = 422;

// The turn of an expensive review. One may take a second and 50 MiB, so only one runs at a time,
// and a few wait.
class Turn {
 public:
  explicit Turn(const http::ClientGone& gone) : gone_(gone) {}

  // Waits for the turn. Returns false if too many wait, or if the API server has disconnected
  // meanwhile. Does nothing if this review already has it.
  bool take() {
    if (lock_.owns_lock()) return true;
    const bool room = waiting_.fetch_add(1) < kMostWaiting;
    if (room) lock_.lock();
    --waiting_;
    return room && !gone_();
  }

 private:
  static constexpr int kMostWaiting = 4;
  static inline std::mutex mutex_;
  static inline std::atomic<int> waiting_ = 0;
  const http::ClientGone& gone_;
  std::unique_lock<std::mutex> lock_{mutex_, std::defer_lock};
};

ReviewAnswer badRequest(int status, std::string why) {
  ReviewAnswer answer;
  answer.status = status;
  answer.body = fmt::format("bad_request: {}\n", why);
  answer.message = std::move(why);
  return answer;
}

ReviewAnswer busy() {
  ReviewAnswer answer;
  answer.status = 503;
  answer.message = "too many large reviews at a time";
  answer.body = fmt::format("busy: {}; try again later\n", answer.message);
  return answer;
}

// The reviewed object, for messages: "pod shop/web-1".
std::string nameOf(const Json& request) {
  auto name = findText(request, {"name"});
  if (name.empty()) name = findText(request, {"object", "metadata", "name"});
  if (name.empty()) name = findText(request, {"object", "metadata", "generateName"});
  return fmt::format("{} {}/{}", printable(findText(request, {"kind", "kind"}), 64),
                     printable(findText(request, {"namespace"}), 64), printable(name, 128));
}

// Answers the review of one object.
class Review {
 public:
  Review(const Json& request, const InjectionRules& rules, Turn& turn)
      : request_(request), rules_(rules), turn_(turn) {}

  ReviewAnswer answer();

 private:
  void reviewPod(const Json& pod);
  // Returns false if it does not get its turn.
  bool reviewConfigMap(const Json& config_map);
  void refuse(ReviewResult result, std::string why);
  bool isOf(std::string_view group, std::string_view kind) const;

  const Json& request_;
  const InjectionRules& rules_;
  Turn& turn_;
  ReviewAnswer answer_;
  Json response_;
};

bool Review::isOf(std::string_view group, std::string_view kind) const {
  return findText(request_, {"kind", "group"}) == group &&
         findText(request_, {"kind", "kind"}) == kind &&
         findText(request_, {"subResource"}).empty();
}

void Review::refuse(ReviewResult result, std::string why) {
  if (why.size() > kLongestMessage) why.resize(kLongestMessage);
  answer_.result = result;
  response_["allowed"] = false;
  response_["status"] = {{"code", kUnprocessable}, {"message", "postern: " + why}};
  answer_.message = std::move(why);
}

void Review::reviewPod(const Json& pod) {
  auto injection = inject(pod, rules_);
  if (!injection.warnings.empty()) response_["warnings"] = injection.warnings;
  switch (injection.result) {
    case InjectionResult::NotAsked:
    case InjectionResult::Mirror: return;
    case InjectionResult::Unlabeled: answer_.result = ReviewResult::Unlabeled; return;
    case InjectionResult::Already: answer_.result = ReviewResult::Already; return;
    case InjectionResult::Refused:
      return refuse(ReviewResult::Refused, std::move(injection.refusal));
    case InjectionResult::Injected: break;
  }
  answer_.result = ReviewResult::Injected;
  response_["patchType"] = "JSONPatch";
  response_["patch"] = encodeBase64(write(injection.patch));
}

bool Review::reviewConfigMap(const Json& config_map) {
  if (!holdsConfiguration(config_map)) return true;
  if (!turn_.take()) return false;
  auto mistakes = mistakesOfConfigMap(config_map, rules_);
  if (mistakes.empty()) {
    answer_.result = ReviewResult::ConfigAccepted;
  } else {
    refuse(ReviewResult::ConfigRefused, std::move(mistakes));
  }
  return true;
}

ReviewAnswer Review::answer() {
  const auto uid = findText(request_, {"uid"});
  response_ = {{"uid", uid}, {"allowed", true}};
  answer_.result = ReviewResult::Ignored;
  answer_.uid = printable(uid, kLongestUid);
  answer_.what = nameOf(request_);
  const auto operation = findText(request_, {"operation"});
  // Null for a deletion.
  if (const auto* object = find(request_, {"object"})) {
    // The containers of an existing pod cannot change.
    if (isOf("", "Pod") && operation == "CREATE") reviewPod(*object);
    if (isOf("", "ConfigMap") && !reviewConfigMap(*object)) return busy();
  }
  answer_.body =
      write({{"apiVersion", kVersion}, {"kind", kKind}, {"response", std::move(response_)}});
  return std::move(answer_);
}

}  // namespace

ReviewAnswer answerReview(std::string_view body, const InjectionRules& rules,
                          const http::ClientGone& gone) {
  Turn turn(gone);
  if (body.size() > kQuickBody && !turn.take()) return busy();
  std::string wrong;
  const auto document = parseJson(body, wrong);
  if (!document) return badRequest(400, "the body " + wrong);
  if (findText(*document, {"kind"}) != kKind || findText(*document, {"apiVersion"}) != kVersion) {
    return badRequest(400, "the body is not an AdmissionReview of admission.k8s.io/v1");
  }
  const auto* request = find(*document, {"request"});
  if (request == nullptr || !request->is_object()) {
    return badRequest(400, "the review has no request");
  }
  const auto uid = findText(*request, {"uid"});
  if (uid.empty()) return badRequest(400, "the review has no uid");
  if (uid.size() > kLongestUid) return badRequest(400, "the uid of the review is too long");
  return Review(*request, rules, turn).answer();
}

}  // namespace postern::kube
