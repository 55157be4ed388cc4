#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "fakes/test_data.h"
#include "kube/manifest.h"
#include "unit/kube/pods.h"

namespace postern::kube {
namespace {

namespace fs = std::filesystem;

std::string textOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string lines(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += text + "\n";
  return all;
}

class GoldenTest : public ::testing::TestWithParam<fs::path> {
 protected:
  // The file beside the pod: web.yaml and web.injected.json.
  fs::path beside(const char* extension) const {
    return fs::path(GetParam()).replace_extension(extension);
  }
};

std::vector<fs::path> pods() {
  std::set<fs::path> found;
  for (const auto& entry : fs::directory_iterator(testing::dataFolder() / "inject")) {
    if (entry.path().extension() == ".yaml") found.insert(entry.path());
  }
  return {found.begin(), found.end()};
}

TEST_P(GoldenTest, ComesOutAsItShould) {
  const auto text = textOf(GetParam());
  const bool native = text.starts_with("# native sidecars");
  std::string wrong;
  const auto documents = parseManifests(text, wrong);
  ASSERT_EQ(documents.size(), 1U) << wrong;
  const auto& pod = documents[0];

  const auto injection = inject(pod, rulesWith({}, native));

  EXPECT_EQ(lines(injection.warnings), textOf(beside(".warnings")));
  if (fs::exists(beside(".refused"))) {
    EXPECT_EQ(injection.refusal + "\n", textOf(beside(".refused")));
    EXPECT_EQ(injection.patch, Json::array());
    return;
  }
  ASSERT_EQ(injection.result, InjectionResult::Injected) << injection.refusal;
  const auto injected = pod.patch(injection.patch);
  EXPECT_EQ(injected.dump(2), Json::parse(textOf(beside(".injected.json"))).dump(2));
  EXPECT_EQ(inject(injected, rulesWith({}, native)).result, InjectionResult::Already);
}

INSTANTIATE_TEST_SUITE_P(Pods, GoldenTest, ::testing::ValuesIn(pods()),
                         [](const auto& each) { return each.param.stem().string(); });

}  // namespace
}  // namespace postern::kube
