#include "exposition/scan.h"

#include <gtest/gtest.h>

#include <string>

#include "exposition/known_labels.h"

namespace postern::exposition {
namespace {

// The three ways to look must agree wherever the byte is and whatever stands around it.
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

TEST(ScanTest, KnowsAShortTextByItsFirstBytes) {
  const std::string page = "namespace=\"a\",b=\"c\"} 1\n";
  EXPECT_TRUE(Known("namespace=\"").beginsAt(page.data()));
  EXPECT_FALSE(Known("namespaces=\"").beginsAt(page.data()));
  EXPECT_FALSE(Known("name=\"").beginsAt(page.data()));
  EXPECT_TRUE(Known("namespace=\"a\",b=\"and more").beginsAt(page.data()));
  EXPECT_EQ(Known("namespace=\"").size(), 11U);
}

}  // namespace
}  // namespace postern::exposition
