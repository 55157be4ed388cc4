#pragma once

#include <string>

namespace postern::kube {

// Whether a reference of an image ("registry.example:5000/team/postern:1.2") matches a glob of
// --inject.allowed-images. Name and tag match apart, and `*` matches no slash: "registry.example/*"
// allows no image of a folder below, nor of another registry. A glob without a tag or digest allows
// any.
bool matchesImage(const std::string& glob, const std::string& image);

}  // namespace postern::kube
