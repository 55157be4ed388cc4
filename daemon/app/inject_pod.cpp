#include "app/inject_pod.h"

#include <fmt/core.h>

#include <cstdio>
#include <string>
#include <vector>

#include "base/file.h"
#include "kube/manifest.h"
#include "kube/workload.h"

namespace postern::app {
namespace {

constexpr std::size_t kMostBytes = 3U << 20;

using kube::Json;

// Injects into every pod of one manifest, and prints warnings and refusals.
class PodPrinter {
 public:
  PodPrinter(const config::Path& file, const kube::InjectionRules& rules)
      : file_(file), rules_(rules) {}

  int run();

 private:
  std::vector<Json> read();
  bool injectAll(std::vector<Json>& documents);
  bool injectInto(const kube::PodPlace& place);
  bool apply(const kube::Injection& injection, const kube::PodPlace& place);

  // Returns false.
  bool report(const std::string& what) const {
    std::fprintf(stderr, "%s: %s%s\n", file_.c_str(), subject_.c_str(), what.c_str());
    return false;
  }

  const config::Path& file_;
  const kube::InjectionRules& rules_;
  std::string subject_;  // "Deployment web: " if the manifest has several pods
};

std::vector<Json> PodPrinter::read() {
  std::string text;
  if (const auto error = readInput(file_, kMostBytes, text)) {
    report(fmt::format("cannot be read: {}, expected a manifest of at most 3 MiB", error->what));
    return {};
  }
  std::string wrong;
  auto documents = kube::parseManifests(text, wrong);
  if (documents.empty()) report(wrong);
  return documents;
}

bool PodPrinter::apply(const kube::Injection& injection, const kube::PodPlace& place) {
  for (const auto& warning : injection.warnings) report(warning);
  using kube::InjectionResult;
  switch (injection.result) {
    case InjectionResult::Refused: return report(injection.refusal);
    case InjectionResult::Unlabeled: return false;  // the warning says so
    case InjectionResult::NotAsked:
      report("is printed unchanged, without the label postern.io/inject: \"true\"");
      return true;
    case InjectionResult::Already:
      report("is printed unchanged, it already has its sidecar");
      return true;
    case InjectionResult::Mirror: return true;
    case InjectionResult::Injected: *place.pod = place.pod->patch(injection.patch); return true;
  }
  return false;
}

bool PodPrinter::injectInto(const kube::PodPlace& place) {
  if (!place.misplaced.empty()) {
    return report(
        fmt::format("the label postern.io/inject or annotations postern.io/... are in {}, which no "
                    "pod gets; expected them in the metadata of the pod's template",
                    place.misplaced));
  }
  return apply(kube::inject(*place.pod, rules_), place);
}

bool PodPrinter::injectAll(std::vector<Json>& documents) {
  std::vector<kube::PodPlace> places;
  std::vector<std::string> mistakes;
  for (auto& document : documents) {
    for (auto& place : kube::podsIn(document, mistakes)) places.push_back(std::move(place));
  }
  for (const auto& mistake : mistakes) report(mistake);
  if (!mistakes.empty()) return false;
  if (places.empty()) {
    return report(
        "has no pod, expected a Pod, a workload such as a Deployment, a List of them, or a pod's "
        "template");
  }
  bool good = true;
  for (const auto& place : places) {
    if (places.size() > 1) subject_ = place.what + ": ";
    good = injectInto(place) && good;
  }
  return good;
}

int PodPrinter::run() {
  auto documents = read();
  if (documents.empty() || !injectAll(documents)) return 1;
  const Json printed = documents.size() == 1
                           ? std::move(documents.front())
                           : Json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", documents}};
  std::printf("%s\n", printed.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return 0;
}

}  // namespace

int injectPod(const config::Path& file, const kube::InjectionRules& rules) {
  return PodPrinter(file, rules).run();
}

}  // namespace postern::app
