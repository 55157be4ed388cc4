#include "kube/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kube/quantity.h"

namespace postern::kube {
namespace {

using ::testing::HasSubstr;

TEST(ManifestTest, ReadsPlainWordsAsKubectlDoes) {
  const auto reads = [](const std::string& text, const Json& expected) {
    SCOPED_TRACE(text);
    std::string wrong;
    const auto document = parseManifest("a: " + text, wrong);
    ASSERT_TRUE(document) << wrong;
    EXPECT_EQ((*document)["a"], expected);
  };

  reads("web", "web");
  reads("3000", 3000);
  reads("\"3000\"", "3000");
  reads("-1", -1);
  reads("0", 0);
  reads("0444", 0444);
  reads("0o440", 0440);
  reads("0x1F", 31);
  reads("0xyz", "0xyz");
  reads("0-1", "0-1");
  reads("0.5", 0.5);
  reads("1.2.3", "1.2.3");
  reads("5m", "5m");
  reads("true", true);
  reads("no", false);
  reads("'true'", "true");
  reads("", nullptr);
  reads("~", nullptr);
  reads("nan", "nan");
  reads("[1, x]", Json::array({1, "x"}));
  reads("{ b: c }", {{"b", "c"}});
}

TEST(ManifestTest, ReadsJsonToo) {
  std::string wrong;
  EXPECT_EQ(parseManifest(R"( {"a": ["b", 1]})", wrong), Json::parse(R"({"a": ["b", 1]})"));
}

TEST(ManifestTest, SaysWhatIsWrong) {
  const auto refuses = [](const std::string& text, const std::string& what) {
    SCOPED_TRACE(text);
    std::string wrong;
    EXPECT_FALSE(parseManifest(text, wrong));
    EXPECT_THAT(wrong, HasSubstr(what));
  };

  refuses("", "is empty");
  refuses("{\"a\"", "is no JSON");
  refuses("a: [", "line ");
  refuses("a: 1\n---\nb: 2\n", "line ");
}

TEST(QuantityTest, ReadsWhatKubernetesReads) {
  EXPECT_EQ(parseQuantity("1"), 1);
  EXPECT_DOUBLE_EQ(*parseQuantity("5m"), 0.005);
  EXPECT_EQ(parseQuantity("0.5"), 0.5);
  EXPECT_EQ(parseQuantity("1.5Gi"), 1.5 * (1U << 30));
  EXPECT_EQ(parseQuantity("64Mi"), 64 << 20);
  EXPECT_EQ(parseQuantity("1k"), 1000);
  EXPECT_EQ(parseQuantity("1e3"), 1000);
  EXPECT_EQ(parseQuantity("2E"), 2e18);
  for (const auto* text :
       {"", "x", "-1", "+1", "1mi", "1 Mi", "Mi", "1MiB", "1e400", "inf", "nan", "0x10", "1..2"}) {
    EXPECT_FALSE(parseQuantity(text)) << text;
  }
}

}  // namespace
}  // namespace postern::kube
