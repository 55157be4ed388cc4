#include "kube/resources.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "kube/quantity.h"

namespace postern::kube {
namespace {

using Quantity = std::optional<std::string>;

// A resource, and the sidecar's defaults for it; may be empty.
struct ResourceKind {
  std::string_view name;
  std::string_view request;
  std::string_view limit;
  std::string_view guaranteed;  // request and limit in a Guaranteed pod
  bool decides_class;           // determines the QoS class; allowed in spec.resources
};

// A CPU limit makes scrapes slow and saves nothing, but a Guaranteed pod needs one: 100m is 10 ms
// in every 100 ms, enough for a handshake.
constexpr std::array<ResourceKind, 3> kKinds = {{{"cpu", "5m", "", "100m", true},
                                                 {"memory", "16Mi", "64Mi", "64Mi", true},
                                                 {"ephemeral-storage", "", "", "", false}}};

struct Share {
  Quantity request;
  Quantity limit;
};

// In a manifest that the API server has not normalized, a quantity may be a number.
Quantity quantityAt(const Json& of, std::string_view list, std::string_view name) {
  const auto* const found = find(of, {"resources", list, name});
  if (found == nullptr) return std::nullopt;
  return found->is_string() ? found->get<std::string>() : found->dump();
}

double amountOf(const Quantity& quantity) {
  return quantity ? parseQuantity(*quantity).value_or(0) : 0;
}

// The API server sets a missing request to the limit.
double requestIn(const Json& container, std::string_view name) {
  const auto request = quantityAt(container, "requests", name);
  return amountOf(request ? request : quantityAt(container, "limits", name));
}

// Sums of decimal fractions are not exact.
bool exceeds(double amount, double bound) {
  constexpr double kTolerance = 1e-9;
  return amount > bound * (1 + kTolerance);
}

std::string written(std::string_view name, double amount) {
  if (name == "cpu") {
    const auto milli = std::llround(amount * 1000);
    return milli % 1000 == 0 ? std::to_string(milli / 1000) : std::to_string(milli) + "m";
  }
  auto bytes = std::llround(amount);
  std::string_view unit;
  for (const std::string_view next : {"Ki", "Mi", "Gi"}) {
    if (bytes == 0 || bytes % 1024 != 0) break;
    bytes /= 1024;
    unit = next;
  }
  return std::to_string(bytes) + std::string(unit);
}

// The sum of the containers' requests, as the API server computes it: those that run concurrently,
// or the init container with the largest request while it runs. The sidecar is the last of its
// list.
double requestedWith(const Json& pod, std::string_view name, double sidecar) {
  double beside = 0;
  double most = 0;
  for (const auto& container : findList(pod, {"spec", "initContainers"})) {
    const auto request = requestIn(container, name);
    if (findText(container, {"restartPolicy"}) == "Always") beside += request;
    most =
        std::max(most, beside + (findText(container, {"restartPolicy"}) == "Always" ? 0 : request));
  }
  for (const auto& container : findList(pod, {"spec", "containers"}))
    beside += requestIn(container, name);
  return std::max(most, beside + sidecar);
}

bool hasOfPod(const Json& pod, std::string_view name) {
  const auto* const spec = find(pod, {"spec"});
  return spec != nullptr &&
         (quantityAt(*spec, "requests", name) || quantityAt(*spec, "limits", name));
}

// The QoS class of a pod without `spec.resources`: each container has limits, and requests that are
// equal or missing.
bool isGuaranteed(const Json& pod) {
  bool any = false;
  for (const auto* list : {"containers", "initContainers"}) {
    for (const auto& container : findList(pod, {"spec", list})) {
      any = true;
      for (const auto& kind : kKinds) {
        if (!kind.decides_class) continue;
        const auto limit = amountOf(quantityAt(container, "limits", kind.name));
        if (limit <= 0 || requestIn(container, kind.name) != limit) return false;
      }
    }
  }
  return any && !hasOfPod(pod, "cpu") && !hasOfPod(pod, "memory");
}

// Computes the resources one after another.
class Decider {
 public:
  Decider(const Json& pod, const SidecarOptions& options)
      : pod_(pod), options_(options), guaranteed_(isGuaranteed(pod)) {}

  SidecarResources decide();

 private:
  Share shareOf(const ResourceKind& kind) const;
  Share shareOfGuaranteed(const ResourceKind& kind) const;
  void checkShare(const ResourceKind& kind, const Share& share);
  void checkSums(const ResourceKind& kind, const Share& share);
  void addMistake(std::string_view list, const ResourceKind& kind, const std::string& wrong) {
    result_.mistakes.push_back(fmt::format("{}: {}", annotation(list, kind), wrong));
  }

  static std::string key(std::string_view list, const ResourceKind& kind) {
    return fmt::format("{}-{}", list, kind.name);
  }
  static std::string annotation(std::string_view list, const ResourceKind& kind) {
    return std::string(kDomain) + key(list, kind);
  }
  // The value of the pod's own annotation.
  Quantity own(std::string_view list, const ResourceKind& kind) const {
    return options_.own(key(list, kind)) ? options(list, kind) : std::nullopt;
  }
  // The value of the pod's annotation or of the fleet's default.
  Quantity options(std::string_view list, const ResourceKind& kind) const {
    const auto found = options_.find(key(list, kind));
    return found ? Quantity(std::string(*found)) : std::nullopt;
  }
  static Quantity known(std::string_view text) {
    return text.empty() ? std::nullopt : Quantity(std::string(text));
  }

  const Json& pod_;
  const SidecarOptions& options_;
  const bool guaranteed_;
  SidecarResources result_;
};

Share Decider::shareOfGuaranteed(const ResourceKind& kind) const {
  Share share{own("requests", kind), options("limits", kind)};
  // Without a limit the pod's own request stays unchanged.
  if (share.request) {
    if (!share.limit) share.limit = known(kind.limit);
    return share;
  }
  if (!share.limit) {
    share.limit = known(kind.guaranteed);
    const auto request = options("requests", kind);
    if (amountOf(request) > amountOf(share.limit)) share.limit = request;
  }
  share.request = share.limit;
  return share;
}

Share Decider::shareOf(const ResourceKind& kind) const {
  if (hasOfPod(pod_, kind.name)) return {own("requests", kind), own("limits", kind)};
  if (guaranteed_ && kind.decides_class) return shareOfGuaranteed(kind);
  Share share{options("requests", kind), options("limits", kind)};
  if (!share.request) share.request = known(kind.request);
  if (!share.limit) share.limit = known(kind.limit);
  return share;
}

void Decider::checkSums(const ResourceKind& kind, const Share& share) {
  if (!hasOfPod(pod_, kind.name)) return;
  constexpr std::string_view kRemedy =
      "; lower it or remove it: the sidecar then shares the pod's resources";
  const auto* const spec = find(pod_, {"spec"});
  const auto limit = quantityAt(*spec, "limits", kind.name);
  if (share.limit && limit && exceeds(amountOf(share.limit), amountOf(limit))) {
    addMistake(
        "limits", kind,
        fmt::format(
            "{} is more than the {} of the pod's spec.resources.limits, expected at most as much{}",
            *share.limit, *limit, kRemedy));
  }
  if (!share.request && !share.limit) return;
  const auto request = quantityAt(*spec, "requests", kind.name);
  const auto& bound = request ? request : limit;
  const auto& ours = share.request ? share.request : share.limit;
  const auto sum = requestedWith(pod_, kind.name, amountOf(ours));
  if (!exceeds(sum, amountOf(bound))) return;
  addMistake(share.request ? "requests" : "limits", kind,
             fmt::format(
                 "with {} for the sidecar the containers request {}, more than the {} of the "
                 "pod's spec.resources.{}{}",
                 *ours, written(kind.name, sum), *bound, request ? "requests" : "limits", kRemedy));
}

void Decider::checkShare(const ResourceKind& kind, const Share& share) {
  if (share.request && share.limit && amountOf(share.request) > amountOf(share.limit)) {
    addMistake("limits", kind,
               fmt::format("{} is less than the {} of {}, expected at least as much", *share.limit,
                           *share.request, annotation("requests", kind)));
  }
  checkSums(kind, share);
  if (!guaranteed_ || !kind.decides_class || amountOf(share.request) == amountOf(share.limit))
    return;
  result_.warnings.push_back(
      fmt::format("postern: the pod is Guaranteed and becomes Burstable, as {} is {} and the limit "
                  "{}; remove it, and both are equal",
                  annotation("requests", kind), share.request.value_or(""),
                  share.limit.value_or("is missing")));
}

SidecarResources Decider::decide() {
  for (const auto& kind : kKinds) {
    const auto share = shareOf(kind);
    checkShare(kind, share);
    if (share.request) result_.value["requests"][std::string(kind.name)] = *share.request;
    if (share.limit) result_.value["limits"][std::string(kind.name)] = *share.limit;
  }
  return std::move(result_);
}

}  // namespace

SidecarResources resourcesFor(const Json& pod, const SidecarOptions& options) {
  return Decider(pod, options).decide();
}

}  // namespace postern::kube
