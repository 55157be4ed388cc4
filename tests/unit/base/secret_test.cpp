#include "base/secret.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <ostream>
#include <sstream>
#include <type_traits>

namespace postern {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);

// The bytes of a short secret: they are inside the object.
std::string bytesAfter(void (*act)(Secret&)) {
  alignas(Secret) unsigned char storage[sizeof(Secret)] = {};
  auto* secret = new (storage) Secret("hunter2!");
  act(*secret);
  std::string bytes(reinterpret_cast<const char*>(storage), sizeof(storage));
  return bytes;
}

TEST(SecretTest, WipesAShortSecretWhenItGoes) {
  EXPECT_EQ(bytesAfter([](Secret& secret) { secret.wipe(); }).find("hunter2!"), std::string::npos);
}

TEST(SecretTest, WipesTheSourceOfAMove) {
  const auto bytes = bytesAfter([](Secret& secret) {
    const Secret taken(std::move(secret));
    EXPECT_EQ(taken.reveal(), "hunter2!");
  });
  EXPECT_EQ(bytes.find("hunter2!"), std::string::npos);
}

TEST(SecretTest, ComparesByContent) {
  EXPECT_TRUE(Secret("a") == Secret("a"));
  EXPECT_FALSE(Secret("a") == Secret("b"));
  EXPECT_FALSE(Secret("a") == Secret("ab"));
  EXPECT_TRUE(Secret() == Secret(""));
}

TEST(SecretTest, AppendsAcrossAGrowingBuffer) {
  Secret secret("Bearer ");
  secret.append(std::string(100, 'x'));
  EXPECT_EQ(secret.reveal(), "Bearer " + std::string(100, 'x'));
}

}  // namespace
}  // namespace postern
