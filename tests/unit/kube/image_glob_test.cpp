#include "kube/image_glob.h"

#include <gtest/gtest.h>

namespace postern::kube {
namespace {

struct ImageCase {
  const char* glob;
  const char* image;
  bool allowed;
};

TEST(ImageGlobTest, MatchesNameAndTagApart) {
  for (const auto& [glob, image, allowed] : {
           ImageCase{"registry.example/postern:1", "registry.example/postern:1", true},
           ImageCase{"registry.example/postern:1", "registry.example/postern:2", false},
           ImageCase{"registry.example/postern:1", "registry.example/postern", false},
           ImageCase{"registry.example/postern:*", "registry.example/postern:1.2", true},
           ImageCase{"registry.example/postern:1.*", "registry.example/postern:2.1", false},
           ImageCase{"registry.example/*", "registry.example/postern", true},
           ImageCase{"registry.example/*", "registry.example/postern:1", true},
           ImageCase{"registry.example/*", "registry.example/team/postern:1", false},
           ImageCase{"registry.example/*/postern:*", "registry.example/team/postern:1", true},
           ImageCase{"registry.example/*/postern:*", "registry.example/a/b/postern:1", false},
           ImageCase{"*", "postern:1", true},
           ImageCase{"*", "registry.example/postern:1", false},
           ImageCase{"registry.example*", "registry.example.evil/postern", false},
           ImageCase{"registry.example:*", "registry.example:5000/postern", false},
           ImageCase{"registry.example:5000/*", "registry.example:5000/postern:1", true},
           ImageCase{"registry.example/postern:*", "registry.example/postern:1@sha256:ab", true},
           ImageCase{"registry.example/postern@*", "registry.example/postern@sha256:ab", true},
           ImageCase{"registry.example/postern@*", "registry.example/postern:1@sha256:ab", false},
           ImageCase{"registry.example/postern:*", "registry.example/postern-evil:1", false},
           ImageCase{"registry.example/postern:1", "", false},
       }) {
    EXPECT_EQ(matchesImage(glob, image), allowed) << glob << " and " << image;
  }
}

}  // namespace
}  // namespace postern::kube
