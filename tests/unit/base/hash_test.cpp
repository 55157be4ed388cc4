#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace postern {
namespace {

TEST(HashTest, TellsTextsApart) {
  std::set<std::uint64_t> seen;
  std::size_t texts = 0;
  for (std::size_t size = 0; size < 64; ++size) {
    for (std::size_t at = 0; at <= size; ++at) {
      std::string text(size, 'a');
      if (at < size) text[at] = 'b';
      seen.insert(hashText(text, 1));
      ++texts;
    }
  }
  EXPECT_EQ(seen.size(), texts);
  EXPECT_NE(hashText("a", 1), hashText("a", 2));
}

TEST(HashSetTest, KnowsWhatWasAdded) {
  HashSet set(1U << 20);
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    EXPECT_EQ(set.add(hashText(std::to_string(i), 0)), HashSet::Added::Fresh);
  }
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    EXPECT_EQ(set.add(hashText(std::to_string(i), 0)), HashSet::Added::Known);
  }
}

TEST(HashSetTest, SaysThatItIsFullAndStillKnowsTheOthers) {
  HashSet set(1U << 12);  // 512 slots, of which one eighth stays free
  std::uint64_t added = 0;
  while (set.add(added * 0x9e3779b97f4a7c15U) == HashSet::Added::Fresh) ++added;
  EXPECT_EQ(added, 448U);
  EXPECT_EQ(set.add(added * 0x9e3779b97f4a7c15U), HashSet::Added::Full);
  EXPECT_EQ(set.add(5 * 0x9e3779b97f4a7c15U), HashSet::Added::Known);
}

}  // namespace
}  // namespace postern
