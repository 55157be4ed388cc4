#include "base/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace postern {
namespace {

bool isOpen(int number) {
  return ::fcntl(number, F_GETFD) >= 0;
}

Descriptor openSome() {
  return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

TEST(DescriptorTest, ClosesWhatItOwns) {
  int number = -1;
  {
    const Descriptor owner = openSome();
    ASSERT_TRUE(owner);
    number = owner.number();
    EXPECT_TRUE(isOpen(number));
  }
  EXPECT_FALSE(isOpen(number));
}

TEST(DescriptorTest, OwnsNothingOnceItIsMoved) {
  Descriptor first = openSome();
  const int number = first.number();
  Descriptor second(std::move(first));
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): it is what moving promises
  EXPECT_EQ(second.number(), number);

  Descriptor third;
  third = std::move(second);
  EXPECT_EQ(third.number(), number);
  EXPECT_TRUE(isOpen(number));
}

TEST(DescriptorTest, ReturnsTheResultOfClosing) {
  Descriptor owner = openSome();
  const int number = owner.number();
  EXPECT_EQ(owner.close(), 0);
  EXPECT_FALSE(owner);
  EXPECT_FALSE(isOpen(number));

  Descriptor unknown(1 << 30);
  EXPECT_EQ(unknown.close(), EBADF);
}

}  // namespace
}  // namespace postern
