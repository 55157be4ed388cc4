#include "kube/image_glob.h"

#include <fnmatch.h>

#include <algorithm>

namespace postern::kube {
namespace {

// The start of the tag or digest, with its colon or @. It is after the last slash, because a
// registry's port has a colon too.
std::size_t endOfName(const std::string& reference) {
  const auto digest = std::min(reference.find('@'), reference.size());
  const auto slash = reference.rfind('/', digest);
  const auto colon = reference.find(':', slash == std::string::npos ? 0 : slash);
  return std::min(colon, digest);
}

bool matches(const std::string& glob, const std::string& text) {
  return ::fnmatch(glob.c_str(), text.c_str(), FNM_PATHNAME) == 0;
}

}  // namespace

bool matchesImage(const std::string& glob, const std::string& image) {
  const auto glob_name = endOfName(glob);
  const auto image_name = endOfName(image);
  if (!matches(glob.substr(0, glob_name), image.substr(0, image_name))) return false;
  return glob_name == glob.size() || matches(glob.substr(glob_name), image.substr(image_name));
}

}  // namespace postern::kube
