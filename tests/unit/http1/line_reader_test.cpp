#include "http1/line_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::http1 {
namespace {

// The result of a reader for `text` in pieces of `size` bytes: each line, then the last outcome.
struct Lines {
  std::vector<std::string> lines;
  LineProgress last = LineProgress::More;
};

Lines readLines(std::string_view text, std::size_t size, std::size_t most) {
  LineReader reader;
  Lines read;
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) {
    // In separate memory, so that a sanitizer finds a view that outlives its piece.
    const std::string piece(text.substr(0, size));
    std::string_view bytes = piece;
    while ((read.last = reader.next(bytes, most)) == LineProgress::Line) {
      read.lines.emplace_back(reader.line());
    }
    if (read.last != LineProgress::More) break;
  }
  return read;
}

// The outcome is the same for pieces of every size.
void expectLines(std::string_view text, std::size_t most, const std::vector<std::string>& lines,
                 LineProgress last) {
  for (std::size_t size = 1; size <= text.size() + 1; ++size) {
    SCOPED_TRACE(std::string(text) + " in pieces of " + std::to_string(size));
    const auto read = readLines(text, size, most);
    EXPECT_EQ(read.lines, lines);
    EXPECT_EQ(read.last, last);
  }
}

TEST(LineReaderTest, TakesLinesOutOfPiecesOfEverySize) {
  expectLines("one\r\n\r\nthree \r\nrest", 100, {"one", "", "three "}, LineProgress::More);
  expectLines("a\rb\r\r\n", 100, {"a\rb\r"}, LineProgress::More);
}

TEST(LineReaderTest, RefusesALineThatEndsWithABareLineFeed) {
  expectLines("one\r\ntwo\nthree\r\n", 100, {"one"}, LineProgress::NoCrLf);
  expectLines("\n", 100, {}, LineProgress::NoCrLf);
}

TEST(LineReaderTest, BoundsALineWithItsEnd) {
  expectLines("12345678\r\n", 10, {"12345678"}, LineProgress::More);
  expectLines("12345678\r\n123456789\r\n", 10, {"12345678"}, LineProgress::TooLong);
  expectLines("12345678\r\n1234567890", 10, {"12345678"}, LineProgress::TooLong);
  expectLines("\r\n", 1, {}, LineProgress::TooLong);
}

TEST(LineReaderTest, ShowsTheBeginOfALine) {
  LineReader reader;
  std::string_view bytes = "ab\r\ncd";

  EXPECT_EQ(reader.next(bytes, 100), LineProgress::Line);
  EXPECT_EQ(bytes, "cd") << "the rest after the line stays";
  EXPECT_EQ(reader.next(bytes, 100), LineProgress::More);
  EXPECT_EQ(reader.line(), "cd");
  bytes = "ef";
  EXPECT_EQ(reader.next(bytes, 100), LineProgress::More);
  EXPECT_EQ(reader.line(), "cdef");
}

}  // namespace
}  // namespace postern::http1
