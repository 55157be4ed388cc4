#include "exposition/text_line.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace postern::exposition {
namespace {

// Keeps the text that the views of its line point into.
struct Read {
  std::string text;
  TextLineParser parser;

  explicit Read(std::string_view line) : text(line) {
    EXPECT_EQ(parser.next(text.data(), text.data() + text.size(), /*utf8_known=*/false),
              LineResult::Whole)
        << line;
  }
  const Line& line() const { return parser.line(); }
};

TEST(LineTest, TakesASampleApart) {
  const Read read("a:b{c=\"d\\\"\",e=\"\"} +1.5e3\t77 \nnext 1\n");

  EXPECT_EQ(read.line().kind, LineKind::Sample);
  EXPECT_EQ(read.line().name, "a:b");
  ASSERT_EQ(read.line().labels.size(), 2U);
  EXPECT_EQ(read.line().labels[0].name, "c");
  EXPECT_EQ(read.line().labels[0].value, "d\\\"");
  EXPECT_EQ(read.line().labels[1].name, "e");
  EXPECT_EQ(read.line().labels[1].value, "");
  EXPECT_EQ(read.line().value, "+1.5e3");
  EXPECT_EQ(read.line().timestamp, "77");
  EXPECT_EQ(std::string_view(read.parser.after()), "next 1\n");
  EXPECT_EQ(read.parser.lineEnds(), 1U);
}

TEST(LineTest, TakesQuotedNamesApart) {
  const Read read("{x=\"1\",\"a.b\",\"c d\"=\"e\"} 1\n");

  EXPECT_EQ(read.line().name, "a.b");
  ASSERT_EQ(read.line().labels.size(), 2U);
  EXPECT_EQ(read.line().labels[1].name, "c d");
  EXPECT_EQ(read.line().labels[1].value, "e");
}

TEST(LineTest, LeavesNothingOfTheLineBefore) {
  const std::string text = "a{b=\"c\"} 1 2\nd 3\n";
  TextLineParser parser;
  parser.next(text.data(), text.data() + text.size(), true);
  parser.next(parser.after(), text.data() + text.size(), true);

  EXPECT_EQ(parser.line().name, "d");
  EXPECT_TRUE(parser.line().labels.empty());
  EXPECT_EQ(parser.line().value, "3");
  EXPECT_TRUE(parser.line().timestamp.empty());
}

TEST(LineTest, TakesHelpAndTypeApart) {
  const auto has = [](std::string_view text, LineKind kind, std::string_view name,
                      std::string_view meta) {
    SCOPED_TRACE(text);
    const Read read(text);
    EXPECT_EQ(read.line().kind, kind);
    EXPECT_EQ(read.line().name, name);
    EXPECT_EQ(read.line().text, meta);
  };

  has("# HELP a some \\n text \n", LineKind::Help, "a", "some \\n text ");
  has("# HELP a  two blanks\n", LineKind::Help, "a", " two blanks");
  has("# HELP a\n", LineKind::Help, "a", "");
  has("# HELP a \t \n", LineKind::Help, "a", "");
  has("#\tTYPE\ta\tsummary\n", LineKind::Type, "a", "summary");
  has("# TYPE \"a.b\" gauge\n", LineKind::Type, "a.b", "gauge");
}

TEST(LineTest, CountsLineEndsInQuotes) {
  const Read read("a{b=\"1\n2\n3\"} 1\nb 1\n");

  EXPECT_EQ(read.line().labels[0].value, "1\n2\n3");
  EXPECT_EQ(read.parser.lineEnds(), 3U);
  EXPECT_EQ(std::string_view(read.parser.after()), "b 1\n");
}

TEST(LineTest, SaysWhenQuotesAreStillOpen) {
  for (const std::string text : {"a{b=\"c\n", "{\"c\n", "# TYPE \"a\n", "a{b=\"\\\"\nx\n"}) {
    SCOPED_TRACE(text);
    TextLineParser parser;
    EXPECT_EQ(parser.next(text.data(), text.data() + text.size(), true), LineResult::Unfinished);
  }
}

struct Same {
  bool name = false;
  bool metric = false;
  bool labels = false;
  bool operator==(const Same&) const = default;
};

TEST(TextLineParserTest, SaysWhetherNameAndLabelsAreThoseOfTheLastSample) {
  constexpr Same kNone{};
  constexpr Same kName{.name = true};
  constexpr Same kLabels{.labels = true};
  constexpr Same kMetric{.name = true, .metric = true};
  constexpr Same kAll{.name = true, .metric = true, .labels = true};
  const std::vector<std::pair<std::string, Same>> lines = {
      {R"(a{b="x"} 1)", kNone},
      {R"(a{b="y"} 2)", kAll},
      {R"(ab{b="x"} 1)", kLabels},
      {R"(a{b="x",c=""} 1)", kNone},
      {"a 1", kMetric},
      {"a{} 1", kAll},
      {R"({"a"} 1)", kNone},
      {"a 1", kLabels},
      {R"(a{"b"="x"} 1)", kMetric},
      {R"(a{"b"="x"} 1)", kMetric},
      {R"(a{b="x"} 1)", kMetric},
      {R"(a{b ="x"} 1)", kMetric},
      {R"(a{b ="x"} 1)", kMetric},
      {R"(a{a_rather_long_label_name1="x"} 1)", kMetric},
      {R"(a{a_rather_long_label_name1="y"} 1)", kAll},
      {R"(a{a_rather_long_label_name2="y"} 1)", kMetric},
      // For lines with a name that are not samples, only the name is compared.
      {"# HELP a Text", kName},
      {"# a comment", kNone},
      {"# TYPE a counter", kName},
      {R"(a{a_rather_long_label_name2="y"} 1)", {.name = true, .labels = true}},
      {R"(# HELP "a" Text)", kNone},
      {R"(a{a_rather_long_label_name2="y"} 1)", kLabels},
      {"# HELP a_name_that_begins_alike Text", kNone},
      {"# TYPE a_name_that_begins_alik counter", kNone},
      {"a_name_that_begins_alike 1", kNone}};
  std::string page;
  for (const auto& line : lines) page += line.first + "\n";
  page += "# Sixteen bytes are compared, so the bytes near the end are read again.\n";

  TextLineParser parser;
  const char* at = page.data();
  for (const auto& [text, expected] : lines) {
    SCOPED_TRACE(text);
    EXPECT_EQ(parser.next(at, page.data() + page.size(), true), LineResult::Whole);
    const Line& line = parser.line();
    const bool sample = line.kind == LineKind::Sample;
    const bool named = sample || line.kind == LineKind::Help || line.kind == LineKind::Type;
    EXPECT_EQ(
        (Same{named && line.same_name, sample && line.same_metric, sample && line.same_labels}),
        expected);
    at = parser.after();
  }
}

TEST(TextLineParserTest, ComparesNothingWithALineOfAnotherText) {
  TextLineParser parser;
  const auto compares = [&](const std::string& text) {
    EXPECT_EQ(parser.next(text.data(), text.data() + text.size(), true), LineResult::Whole) << text;
    const Line& line = parser.line();
    return line.same_name || line.same_metric || line.same_labels;
  };

  for (const char* line : {"a{b=\"c\"} 1\n", "a{b=\"c\"} 1\n", "a 1\n", "a 1\n"}) {
    EXPECT_FALSE(compares(line + std::string("# with room for sixteen bytes\n")));
  }
}

}  // namespace
}  // namespace postern::exposition
