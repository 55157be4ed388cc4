#include "exposition/text_line.h"

#include <gtest/gtest.h>

#include <string>

namespace postern::exposition {
namespace {

// Keeps the text that the views of its line point into.
struct Read {
  std::string text;
  TextLineParser parser;

  explicit Read(std::string_view line) : text(line) {
    EXPECT_EQ(parser.next(text.data(), text.data() + text.size(), /*utf8_known=*/false),
              Outcome::Whole)
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
    EXPECT_EQ(parser.next(text.data(), text.data() + text.size(), true), Outcome::Unfinished);
  }
}

TEST(LineTest, KnowsPlainNames) {
  EXPECT_TRUE(isPlainMetricName("a:b_1"));
  EXPECT_FALSE(isPlainMetricName("1a"));
  EXPECT_FALSE(isPlainMetricName("a.b"));
  EXPECT_FALSE(isPlainMetricName(""));
  EXPECT_TRUE(isPlainLabelName("_a1"));
  EXPECT_FALSE(isPlainLabelName("a:b"));
  EXPECT_FALSE(isPlainLabelName("1a"));
  EXPECT_FALSE(isPlainLabelName(""));
}

TEST(TextLineParserTest, SaysWhetherNameAndLabelsAreThoseOfTheLastSample) {
  TextLineParser parser;
  const auto same = [&](const std::string& line) {
    EXPECT_EQ(parser.next(line.data(), line.data() + line.size(), true), Outcome::Whole) << line;
    return std::pair(parser.line().same_name, parser.line().same_labels);
  };

  // What is compared is sixteen bytes, so a label near the end of the text is read anew.
  const std::string value = "=\"a value of some length\"";
  same("a{b" + value + "} 1\n");
  EXPECT_EQ(same("a{b" + value + "} 2\n"), std::pair(true, true));
  EXPECT_EQ(same("ab{b" + value + "} 1\n"), std::pair(false, true));
  EXPECT_EQ(same("a{b" + value + ",c=\"\"} 1\n"), std::pair(false, false));
  EXPECT_EQ(same("a 1\n"), std::pair(true, false));
  EXPECT_EQ(same("a{} 1\n"), std::pair(true, true));
  EXPECT_EQ(same("{\"a\"} 1\n"), std::pair(false, false));
  EXPECT_EQ(same("a 1\n"), std::pair(false, true));
  EXPECT_EQ(same("a{\"b\"" + value + "} 1\n"), std::pair(true, false));
  EXPECT_EQ(same("a{\"b\"" + value + "} 1\n"), std::pair(true, false));
  EXPECT_EQ(same("a{b" + value + "} 1\n"), std::pair(true, false));
  const std::string longer = "a_rather_long_label_name";
  same("a{" + longer + "1" + value + "} 1\n");
  EXPECT_EQ(same("a{" + longer + "1" + value + "} 1\n"), std::pair(true, true));
  EXPECT_EQ(same("a{" + longer + "2" + value + "} 1\n"), std::pair(true, false));
}

}  // namespace
}  // namespace postern::exposition
