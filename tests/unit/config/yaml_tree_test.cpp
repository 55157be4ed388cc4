#include "config/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/config.h"

namespace postern::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

struct LimitCase {
  const char* what;
  std::string text;
  const char* mistake;
};

constexpr const char* kMarks = "holds more than 100,000 punctuation marks";
constexpr const char* kValues = "holds more than 100,000 values";
constexpr const char* kDeep = "nests too deeply";

TEST(YamlTreeTest, BoundsWhatItTakes) {
  for (const auto& [what, text, mistake] : {
           LimitCase{"brackets", repeated("[", 1'000'000), kMarks},
           LimitCase{"braces", repeated("{", 900'000), kMarks},
           LimitCase{"pairs", "{" + repeated("\"a\":\"b\",", 100'000) + "}", kMarks},
           LimitCase{"a list on one line", "[" + repeated("a,", 400'000) + "]", kMarks},
           LimitCase{"quotes", "[" + repeated("\"\" ", 320'000) + "]", kMarks},
           LimitCase{"few brackets", repeated("[", 5'000), kDeep},
           LimitCase{"dashes", repeated("- ", 400'000), kDeep},
           LimitCase{"a long list", repeated("- a\n", 200'000), kValues},
           LimitCase{"a list of nothing", repeated("-\n", 400'000), kValues},
           LimitCase{"too much", repeated("#", (1U << 20) + 1), "is larger than 1 MiB"},
       }) {
    const auto document = parseYamlTree(text);
    ASSERT_THAT(document.mistakes, SizeIs(1)) << what;
    EXPECT_THAT(document.mistakes[0].what, HasSubstr(mistake)) << what;
    EXPECT_FALSE(document.root) << what;
  }
}

TEST(YamlTreeTest, TakesLargeDocuments) {
  for (const auto& text :
       {repeated("- a\n", 99'000), "[" + repeated("a,", 90'000) + "]",
        "{\"a\": [" + repeated("\"a name of some length\", ", 40'000) + "]}",
        repeated("- '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[['\n", 10'000),
        repeated("# [[[[[[[[[[[[[[[\n", 6'000) + "a: b\n"}) {
    const auto document = parseYamlTree(text);
    EXPECT_THAT(document.mistakes, IsEmpty()) << text.substr(0, 40);
    EXPECT_TRUE(document.root);
  }
}

TEST(YamlTreeTest, ChecksOfADocumentStopAfterAHundredComplaints) {
  std::string text = "targets:\n  - name: a\n    url: https://localhost\n";
  for (int i = 0; i < 1000; ++i) text += "    unknown_" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(parseYaml(text, "postern.yml", "/").complaints, SizeIs(100));
}

TEST(YamlTreeTest, TheCheckOfAForeignDocumentTakesASecondAtMost) {
  const std::string text =
      "targets:\n  - name: a\n    url: https://localhost\n    metric_relabel_configs:\n" +
      repeated("      - { action: labeldrop, regex: '(a{100}|b{100}){9}' }\n", 5'000);
  const auto read = parseYaml(text, "postern.yml", "/", NamedFiles::Leave);
  ASSERT_THAT(read.complaints, SizeIs(1));
  EXPECT_THAT(read.complaints[0].text(), HasSubstr("takes more than 1 s of CPU time to check"));
}

}  // namespace
}  // namespace postern::config
