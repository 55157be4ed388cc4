#pragma once

#include <string>

namespace postern::kube {

// Whether an image reference ("registry.example:5000/team/postern:1.2") matches a glob of
// --inject.allowed-images. Name and tag match separately, and `*` does not match a slash:
// "registry.example/*" allows neither images of a subfolder nor of another registry. A glob without
// a tag or digest allows any.
bool matchesImage(const std::string& glob, const std::string& image);

}  // namespace postern::kube
