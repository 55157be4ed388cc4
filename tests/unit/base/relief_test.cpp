#include "base/relief.h"

#include <gtest/gtest.h>

#include <thread>

namespace postern {
namespace {

TEST(ReliefTest, IsCalledForOnItsOwnThreadAsLongAsItLives) {
  int calls = 0;
  Relief::call();
  {
    const Relief relief([&] { ++calls; });
    Relief::call();
    Relief::call();
    std::thread([] { Relief::call(); }).join();
  }
  Relief::call();
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace postern
