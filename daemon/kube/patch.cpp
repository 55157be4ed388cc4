#include "kube/patch.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "kube/inject.h"

namespace postern::kube {
namespace {

constexpr std::string_view kPrometheus = "prometheus.io/";

// Escapes one token of a JSON pointer (RFC 6901).
std::string escaped(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

Json add(std::string path, Json value) {
  return {{"op", "add"}, {"path", std::move(path)}, {"value", std::move(value)}};
}

class PatchMaker {
 public:
  explicit PatchMaker(const PatchInput& input) : input_(input) {}

  Patch make(std::vector<Json> volumes);

 private:
  void addPullSecrets();
  void append(const char* list, std::vector<Json> entries);
  void annotate();

  const PatchInput& input_;
  Patch patch_;
};

void PatchMaker::append(const char* list, std::vector<Json> entries) {
  const std::string path = std::string("/spec/") + list;
  if (find(input_.document, {"spec", list}) == nullptr) {
    patch_.operations.push_back(add(path, std::move(entries)));
    return;
  }
  for (auto& entry : entries) patch_.operations.push_back(add(path + "/-", std::move(entry)));
}

// Pull secrets that the pod lacks. Those of its service account are already in it.
void PatchMaker::addPullSecrets() {
  const auto option = input_.options.find("image-pull-secrets");
  if (!option) return;
  std::vector<Json> wanted;
  const auto& present = findList(input_.document, {"spec", "imagePullSecrets"});
  for (const auto name : namesIn(*option)) {
    Json secret = {{"name", name}};
    const bool known = std::ranges::find(present, secret) != present.end() ||
                       std::ranges::find(wanted, secret) != wanted.end();
    if (!known) wanted.push_back(std::move(secret));
  }
  if (!wanted.empty()) append("imagePullSecrets", std::move(wanted));
}

// Annotations that scrape configurations look for. A pod that is already scraped keeps its own, and
// the user who applied it gets a warning.
void PatchMaker::annotate() {
  const std::array<std::pair<std::string_view, std::string>, 4> ours = {{
      {"scrape", "true"},
      {"port", std::to_string(input_.sidecar.port)},
      {"path", "/metrics"},
      {"scheme", "http"},
  }};
  bool there = false;
  bool same = true;
  Json wanted = Json::object();
  for (const auto& [key, value] : ours) {
    const std::string name = std::string(kPrometheus) + std::string(key);
    const auto found = input_.pod.annotations.find(name);
    there = there || found != input_.pod.annotations.end();
    same = same && found != input_.pod.annotations.end() && found->second == value;
    wanted[name] = value;
  }
  if (same) return;
  if (there && !input_.options.find("scrape")) {
    patch_.warning =
        "postern: the pod keeps its own annotations prometheus.io/..., so Prometheus does not find "
        "the sidecar by them; postern.io/scrape: replace sets them to port " +
        std::to_string(input_.sidecar.port);
    return;
  }
  if (find(input_.document, {"metadata", "annotations"}) == nullptr) {
    patch_.operations.push_back(add("/metadata/annotations", std::move(wanted)));
    return;
  }
  for (const auto& [name, value] : wanted.items()) {
    patch_.operations.push_back(add("/metadata/annotations/" + escaped(name), value));
  }
}

Patch PatchMaker::make(std::vector<Json> volumes) {
  if (!volumes.empty()) append("volumes", std::move(volumes));
  addPullSecrets();
  // Last in its list: the other containers keep their positions, and the first one its role.
  append(input_.sidecar.native ? "initContainers" : "containers",
         {makeContainer(input_.sidecar, input_.options, input_.pod)});
  annotate();
  patch_.operations.push_back(add("/metadata/labels/" + escaped(kStatusLabel), "injected"));
  patch_.operations.push_back(
      add("/metadata/labels/" + escaped(kPortLabel), std::to_string(input_.sidecar.port)));
  return std::move(patch_);
}

}  // namespace

Patch makePatch(const PatchInput& input, std::vector<Json> volumes) {
  return PatchMaker(input).make(std::move(volumes));
}

}  // namespace postern::kube
