#include "exposition/scan.h"

#include <gtest/gtest.h>

#include <string>

#include "exposition/known_labels.h"

namespace postern::exposition {
namespace {

// The three search functions must agree for every position of the byte and all its neighbors.
TEST(ScanTest, FindsTheSameAsTheSlowWay) {
  for (const char wanted : {'"', '\\', '\n'}) {
    for (std::size_t size = 0; size < 70; ++size) {
      for (std::size_t at = 0; at <= size; ++at) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(0x80 + i % 128);
        if (at < size) text[at] = wanted;
        for (const std::size_t from : {std::size_t{0}, size / 3}) {
          const char* begin = text.data() + from;
          const char* end = text.data() + text.size();
          const char* slow = findInValueBytewise(begin, end);
          EXPECT_EQ(findInValuePortable(begin, end), slow);
          EXPECT_EQ(findInValue(begin, end), slow);
        }
      }
    }
  }
}

TEST(ScanTest, TakesTheFirstOfSeveral) {
  const std::string text = "0123456789abcdefghij\"k\\l\nm\"n";
  const char* found = findInValue(text.data(), text.data() + text.size());
  EXPECT_EQ(found - text.data(), 20);
  found = findInValue(found + 1, text.data() + text.size());
  EXPECT_EQ(found - text.data(), 22);
  found = findInValue(found + 1, text.data() + text.size());
  EXPECT_EQ(found - text.data(), 24);
}

TEST(ScanTest, KnowsAShortTextAgain) {
  const std::string page = "namespace=\"a\",b=\"c\"} 1\n";
  const auto begins = [&](const Known& known, std::size_t readable) {
    return known.beginsAt(page.data(), page.data() + readable);
  };
  EXPECT_TRUE(begins(Known("namespace=\""), page.size()));
  EXPECT_FALSE(begins(Known("namespaces=\""), page.size()));
  EXPECT_FALSE(begins(Known("name=\""), page.size()));
  EXPECT_TRUE(begins(Known("namespace=\"a\",b=\"c"), page.size()));
  EXPECT_FALSE(begins(Known("namespace=\"a\",b=\"d"), page.size()));
  EXPECT_FALSE(begins(Known(), page.size()));
  // It needs sixteen bytes of the page, and compares all known bytes.
  EXPECT_TRUE(begins(Known("namespace=\""), 16));
  EXPECT_FALSE(begins(Known("namespace=\""), 15));
  EXPECT_FALSE(begins(Known("namespace=\"a\",b=\"c"), 17));
  EXPECT_EQ(Known("namespace=\"").size(), 11U);
}

TEST(ScanTest, FindsHowManyBytesAreAlike) {
  const std::string room(8, '.');
  const auto alike = [&](const std::string& text, std::string_view known) {
    const std::string other = std::string(known) + room;
    return commonPrefix((text + room).data(), std::string_view(other).substr(0, known.size()));
  };
  for (std::size_t size = 0; size <= 40; ++size) {
    const std::string known(size, 'a');
    EXPECT_EQ(alike(known, known), size);
    EXPECT_EQ(alike(known + "a", known), size);
    for (std::size_t at = 0; at < size; ++at) {
      std::string text = known;
      text[at] = 'b';
      EXPECT_EQ(alike(text, known), at);
    }
  }
}

}  // namespace
}  // namespace postern::exposition
