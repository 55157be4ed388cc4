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
    const auto documents = parseManifests("a: " + text, wrong);
    ASSERT_EQ(documents.size(), 1U) << wrong;
    EXPECT_EQ(documents[0]["a"], expected);
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
  reads("y", true);
  reads("!!str yes", "yes");
  reads("!!str 1", "1");
  reads("!!int \"1\"", 1);
  reads("'true'", "true");
  reads("", nullptr);
  reads("~", nullptr);
  reads("nan", "nan");
  reads("[1, x]", Json::array({1, "x"}));
  reads("{ b: c }", {{"b", "c"}});
}

TEST(ManifestTest, ReadsWhatKubectlReads) {
  struct Case {
    const char* what;
    std::string text;
    std::vector<const char*> documents;  // as JSON
  };
  for (const auto& [what, text, documents] : std::vector<Case>{
           {"JSON", R"( {"a": ["b", 1]})", {R"({"a": ["b", 1]})"}},
           {"JSON with a last line break", "{\"a\": 1}\n", {R"({"a": 1})"}},
           {"flow style", "{ a: b, c: [d, 1] }\n", {R"({"a": "b", "c": ["d", 1]})"}},
           {"flow style over lines", "{\n  a: {b: c},\n}\n", {R"({"a": {"b": "c"}})"}},
           {"several documents", "a: 1\n---\nb: 2\n", {R"({"a": 1})", R"({"b": 2})"}},
           {"of JSON", "{\"a\": 1}\n---\n{\"b\": 2}\n", {R"({"a": 1})", R"({"b": 2})"}},
           {"a first line of dashes", "---\na: 1\n", {R"({"a": 1})"}},
           {"a last line of dashes", "a: 1\n---\n", {R"({"a": 1})"}},
           {"dashes without an end of line", "a: 1\n---", {R"({"a": 1})"}},
           {"empty documents", "---\n---\n# nothing\n---\na: 1\n---\n---\n", {R"({"a": 1})"}},
           {"an end of document", "a: 1\n...\n", {R"({"a": 1})"}},
           {"a directive", "%YAML 1.1\n---\na: 1\n", {R"({"a": 1})"}},
           {"comments", "# one\na: 1 # two\n# three\n", {R"({"a": 1})"}},
           {"Windows' line ends", "a: 1\r\n---\r\nb: 2\r\n", {R"({"a": 1})", R"({"b": 2})"}},
           {"a byte order mark",
            "\xEF\xBB\xBF"
            "a: 1\n",
            {R"({"a": 1})"}},
           {"an anchor of text", "a: &x b\nc: *x\n", {R"({"a": "b", "c": "b"})"}},
           {"an anchor of quoted text", "a: &x \"1\"\nc: *x\n", {R"({"a": "1", "c": "1"})"}},
           {"an anchor of a map",
            "a: &x { b: c }\nd: *x\n",
            {R"({"a": {"b": "c"}, "d": {"b": "c"}})"}},
           {"an anchor of a list", "a: &x [1, 2]\nd: *x\n", {R"({"a": [1, 2], "d": [1, 2]})"}},
           {"an anchor of nothing", "a: &x\nb: *x\n", {R"({"a": null, "b": null})"}},
           {"an alias in an anchor",
            "a: &x { b: 1 }\nc: &y { d: *x }\ne: *y\n",
            {R"({"a": {"b": 1}, "c": {"d": {"b": 1}}, "e": {"d": {"b": 1}}})"}},
           {"an anchor that is set again",
            "a: &x 1\nb: *x\nc: &x 2\nd: *x\n",
            {R"({"a": 1, "b": 1, "c": 2, "d": 2})"}},
           {"an anchor as a key", "&x a: b\nc: *x\n", {R"({"a": "b", "c": "a"})"}},
           {"a merge key",
            "a: &x { b: 1, c: 2 }\nd: { <<: *x, c: 3 }\n",
            {R"({"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}})"}},
           {"a merge key behind the others",
            "a: &x { b: 1 }\nd: { b: 2, <<: *x }\n",
            {R"({"a": {"b": 1}, "d": {"b": 2}})"}},
           {"merge keys of several",
            "a: &x { b: 1 }\nc: &y { b: 2, d: 3 }\ne: { <<: [*x, *y] }\n",
            {R"({"a": {"b": 1}, "c": {"b": 2, "d": 3}, "e": {"b": 1, "d": 3}})"}},
           {"a quoted merge key is a key", "'<<': { a: 1 }\n", {R"({"<<": {"a": 1}})"}},
           {"block text", "a: |\n  b\n  c\n", {R"({"a": "b\nc\n"})"}},
           {"the same key in two maps",
            "a: { b: 1 }\nc: { b: 2 }\n",
            {R"({"a": {"b": 1}, "c": {"b": 2}})"}},
       }) {
    SCOPED_TRACE(what);
    std::string wrong;
    std::vector<Json> expected;
    for (const auto* document : documents) expected.push_back(Json::parse(document));
    EXPECT_EQ(parseManifests(text, wrong), expected);
    EXPECT_EQ(wrong, "");
  }
}

TEST(ManifestTest, SaysWhatIsWrong) {
  const auto refuses = [](const std::string& text, const std::string& what) {
    SCOPED_TRACE(text.substr(0, 40));
    std::string wrong;
    EXPECT_EQ(parseManifests(text, wrong), std::vector<Json>());
    EXPECT_THAT(wrong, HasSubstr(what));
  };

  refuses("", "is empty");
  refuses("---\n# nothing\n---\n", "is empty");
  refuses("{\"a\"", "line 1");
  refuses("a: [", "line ");
  refuses("a: 1\nb: 2\na: 3\n", "line 3, column 1: duplicate key `a`, expected it once");
  refuses("a: { b: 1, b: 1 }\n", "line 1, column 12: duplicate key `b`");
  refuses("a: 1\n---\nb: 1\nb: 2\n", "line 4, column 1: duplicate key `b`");
  refuses("a: 1\n\"a\": 2\n", "duplicate key `a`");
  refuses("{\"a\": 1, \"a\": 2}", "duplicate key `a`, expected it once");
  refuses("{\"a\": {\"b\": [{\"c\": 1, \"c\": 2}]}}", "duplicate key `c`");
  refuses("a: &x { b: 1 }\nc: { <<: *x, <<: *x }\n", "duplicate key `<<`");
  refuses("a: { <<: b }\n", "the value of `<<` is not a map");
  refuses("a: *x\n", "is not YAML");
  refuses("a: &x [*x]\n", "is an alias inside its own anchor");
  refuses("a: 1\n---\nb: &x 1\n---\nc: *x\n", "line 5");
  refuses("[a, b]: c\n", "a key is a list or a map, expected text");
  refuses("a: !!binary aGVsbG8=\n", "has a tag");
  refuses("a: !own b\n", "has a tag");
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const auto last = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 0; j < 9; ++j) laughs += ", " + last;
    laughs += "]\n";
  }
  refuses(laughs, "holds more than 100,000 values");
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
