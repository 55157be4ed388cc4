#include "kube/pager.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/encoding.h"
#include "kube/api_answer.h"

namespace postern::kube {
namespace {

constexpr int kMostPages = 1000;  // half a million objects, more than a cluster can have
constexpr int kMostBeginnings = 4;
constexpr int kGone = 410;

ApiRequest requestFor(const ListRequest& listing, const std::string& next) {
  ApiRequest request;
  request.doing = listing.doing;
  request.path = listing.path + "?limit=500";
  if (!listing.query.empty()) request.path += "&" + listing.query;
  if (!next.empty()) request.path += "&continue=" + percentEncode(next);
  request.accept = listing.accept;
  request.answer_limit = 16U << 20;
  request.leave_out = {"managedFields", "annotations", "labels", "finalizers"};
  return request;
}

Error endless(const ListRequest& listing, std::string_view why) {
  return {Fault::Timeout, fmt::format("{}: {}", listing.doing, why)};
}

}  // namespace

Result<void> eachPage(ApiClient& api, const ListRequest& listing, const std::stop_token& stop,
                      const TakePage& take) {
  std::string next;
  int beginnings = 0;
  for (int page = 0; page < kMostPages; ++page) {
    if (stop.stop_requested()) return endless(listing, "canceled, postern is stopping");
    const bool first = next.empty();
    if (first) ++beginnings;
    auto request = requestFor(listing, next);
    if (beginnings < kMostBeginnings) request.expected = kGone;
    auto answer = api.ask(request);
    if (!answer) return std::move(answer).error();
    if (answer->status == kGone && request.expected == kGone) {
      next.clear();
      continue;
    }
    if (!answer->good()) return refusal(request, *answer);
    take(answer->body, first);
    next = std::string(findText(answer->body, {"metadata", "continue"}));
    if (next.empty()) return {};
  }
  return endless(listing, "the list does not end");
}

}  // namespace postern::kube
