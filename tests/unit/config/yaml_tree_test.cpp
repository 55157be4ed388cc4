#include "config/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/config.h"
#include "presets/registry.h"

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

struct BrokenDocument {
  const char* text;
  const char* mistake;  // with line and column
};

// Each message of yaml-cpp that a document can cause.
const BrokenDocument kBroken[] = {
    {"a: [1, 2\nb: 1\n", "2:2: is not YAML: a list in brackets is not closed"},
    {"a: {x: 1\nb: 2\n", "2:2: is not YAML: a map in braces is not closed"},
    {"{\"a\" 1}\n", "1:6: is not YAML: a map in braces is not closed"},
    {"a:\n\tb: 1\n", "2:3: is not YAML: holds a key or a colon where none can be"},
    {"a: 1\n b: 2\n", "2:3: is not YAML: holds a key or a colon where none can be"},
    {"a: b: c\n", "1:5: is not YAML: holds a key or a colon where none can be"},
    {"a:\n  - b\n c: 1\n", "3:2: is not YAML: the map ends here, expected the next key"},
    {"a: \"b\" c\n", "1:8: is not YAML: the map ends here, expected the next key"},
    {"- - a\n - b\n", "2:2: is not YAML: the list ends here, expected the next \"- \""},
    {"a: @x\n", "1:4: is not YAML: holds a character that begins no value"},
    {"a: %x\n", "1:4: is not YAML: holds a character that begins no value"},
    {"a: \"\\q\"\n", "1:7: is not YAML: holds an unknown escape in double quotes"},
    {"a: \"\\xZZ\"\n", "1:9: is not YAML: holds an unknown escape in double quotes"},
    {"a: \"\\uD800\"\n", "1:11: is not YAML: holds an unknown escape in double quotes"},
    {"a: | x\n  y\n", "1:6: is not YAML: holds more text behind | or >"},
    {"a: |0\n  y\n", "1:6: is not YAML: | or > has the indentation 0"},
    {"a: |\n\tx\n", "2:1: is not YAML: is indented by a tab"},
    {"a: - b\n", "1:4: is not YAML: holds a \"- \" where no list can begin"},
    {"a: ]\n", "1:4: is not YAML: holds a \"]\" or \"}\" that closes nothing"},
    {"a: \"x\n---\ny\"\n", "2:1: is not YAML: a line --- or ... is inside quotes"},
    {"a: 'x\n", "is not YAML: a quote is not closed"},
    {"%YAML 9.1\n---\na: 1\n", "1:1: is not YAML: holds an invalid directive"},
    {"%YAML\n---\n", "1:1: is not YAML: holds an invalid directive"},
    {"%TAG x\n---\na: 1\n", "1:1: is not YAML: holds an invalid directive"},
    {"%TAG ! x\n%TAG ! x\n---\na: 1\n", "2:1: is not YAML: holds an invalid directive"},
    {"a: *x\n", "1:4: is not YAML: holds an invalid anchor (&) or alias (*)"},
    {"a: & x\n", "1:5: is not YAML: holds an invalid anchor (&) or alias (*)"},
    {"a: * x\n", "1:5: is not YAML: holds an invalid anchor (&) or alias (*)"},
    {"a: &x &y b\n", "1:7: is not YAML: holds an invalid anchor (&) or alias (*)"},
    {"a: !<x y\n", "1:7: is not YAML: holds an invalid tag (!)"},
    {"a: !x! y\n", "1:7: is not YAML: holds an invalid tag (!)"},
    {"a: !!str !!str b\n", "1:10: is not YAML: holds an invalid tag (!)"},
};

TEST(YamlTreeTest, SaysInOurWordsWhatIsNotYamlAndWhere) {
  for (const auto& [text, mistake] : kBroken) {
    SCOPED_TRACE(text);
    const auto document = parseYamlTree(text);
    ASSERT_FALSE(document.mistakes.empty());
    const auto& last = document.mistakes.back();
    const std::string message =
        std::to_string(last.line) + ":" + std::to_string(last.column) + ": " + last.what;
    EXPECT_THAT(message, HasSubstr(mistake));
    EXPECT_THAT(message, HasSubstr(", expected"));
    EXPECT_FALSE(document.root);
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

TEST(YamlTreeTest, TakesReferencesAndSeveralDocumentsOfManifestsAlone) {
  for (const auto* text : {"a: &x 1\nb: *x\n", "a: 1\n---\nb: 2\n", "a: !!str 1\n"}) {
    EXPECT_FALSE(parseYamlTree(text).root) << text;
    EXPECT_THAT(parseYamlDocuments(text).mistakes, IsEmpty()) << text;
  }
  const auto documents = parseYamlDocuments("a: &x [1, 2]\nb: *x\n---\n---\nc: 3\n");
  ASSERT_THAT(documents.roots, SizeIs(2));
  ASSERT_THAT(documents.roots[0].items, SizeIs(4));
  EXPECT_THAT(documents.roots[0].items[3].items, SizeIs(2));
}

TEST(YamlTreeTest, CountsACopyOfAnAliasAsItsValues) {
  const auto list = "a: &x [" + repeated("1, ", 20'000) + "]\n";
  EXPECT_THAT(parseYamlDocuments(list + "b: [*x, *x, *x]\n").mistakes, IsEmpty());
  const auto documents = parseYamlDocuments(list + "b: [*x, *x, *x, *x, *x]\n");
  ASSERT_THAT(documents.mistakes, SizeIs(1));
  EXPECT_THAT(documents.mistakes[0].what, HasSubstr(kValues));
  EXPECT_THAT(documents.roots, IsEmpty());
}

TEST(YamlTreeTest, ChecksOfADocumentStopAfterAHundredErrors) {
  std::string text = "targets:\n  - name: a\n    url: https://localhost\n";
  for (int i = 0; i < 1000; ++i) text += "    unknown_" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(parseYaml(presets::products(), text, "postern.yml", "/").errors, SizeIs(100));
}

TEST(YamlTreeTest, TheCheckOfAForeignDocumentTakesASecondAtMost) {
  const std::string text =
      "targets:\n  - name: a\n    url: https://localhost\n    metric_relabel_configs:\n" +
      repeated("      - { action: labeldrop, regex: '(a{100}|b{100}){9}' }\n", 5'000);
  const auto read = parseYaml(presets::products(), text, "postern.yml", "/", NamedFiles::Leave);
  ASSERT_THAT(read.errors, SizeIs(1));
  EXPECT_THAT(read.errors[0].text(), HasSubstr("takes more than 1 s of CPU time to check"));
}

}  // namespace
}  // namespace postern::config
