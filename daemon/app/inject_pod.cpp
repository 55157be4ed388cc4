#include "app/inject_pod.h"

#include <cstdio>
#include <string>

#include "base/file.h"
#include "kube/manifest.h"

namespace postern::app {
namespace {

constexpr std::size_t kMostBytes = 3U << 20;

int complain(const config::Path& file, const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", file.c_str(), what.c_str());
  return 1;
}

}  // namespace

int injectPod(const config::Path& file, const kube::Rules& rules) {
  std::string text;
  if (const auto error = readInput(file, kMostBytes, text)) {
    return complain(file,
                    "cannot be read: " + error->what + ", expected a manifest of at most 3 MiB");
  }
  std::string wrong;
  auto pod = kube::parseManifest(text, wrong);
  if (!pod) return complain(file, wrong);
  if (kube::findText(*pod, {"kind"}) != "Pod" || kube::findText(*pod, {"apiVersion"}) != "v1") {
    return complain(file, "is no Pod of v1, expected one; of a Deployment that is its template");
  }
  const auto injection = kube::inject(*pod, rules);
  for (const auto& warning : injection.warnings) complain(file, warning);
  using Result = kube::Injection::Result;
  switch (injection.result) {
    case Result::Refused: return complain(file, injection.refusal);
    case Result::Unlabelled:
      complain(file, "is printed as it is, without the label postern.io/inject: \"true\"");
      break;
    case Result::Mirror: break;
    case Result::Already: complain(file, "is printed as it is, it has its sidecar"); break;
    case Result::Injected: *pod = pod->patch(injection.patch); break;
  }
  std::printf("%s\n", pod->dump(2, ' ', false, kube::Json::error_handler_t::replace).c_str());
  return 0;
}

}  // namespace postern::app
