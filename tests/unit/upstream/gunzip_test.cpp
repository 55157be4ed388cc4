#include "upstream/gunzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/upstream/gzip.h"

namespace postern::upstream {
namespace {

using testing::gzip;
using ::testing::HasSubstr;

struct Unpacked {
  std::string text;
  std::size_t longest = 0;  // block
  Result<void> result;
};

Unpacked unpack(std::initializer_list<std::string_view> pieces) {
  Unpacked unpacked;
  Gunzip gunzip;
  for (auto piece : pieces) {
    for (;;) {
      const auto block = gunzip.next(piece);
      if (!block) {
        unpacked.result = block.error();
        return unpacked;
      }
      if (block->empty()) break;
      unpacked.text += *block;
      unpacked.longest = std::max(unpacked.longest, block->size());
    }
    EXPECT_EQ(piece, "");
  }
  unpacked.result = gunzip.finish();
  return unpacked;
}

std::string page() {
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    text += "requests_total{code=\"" + std::to_string(i * i) + "\"} " + std::to_string(i) + "\n";
  }
  return text;
}

TEST(GunzipTest, UnpacksWhatIsCutAnywhere) {
  const std::string packed = gzip("up 1\n") + gzip("") + gzip("down 0\n");
  for (std::size_t i = 0; i <= packed.size(); ++i) {
    SCOPED_TRACE(i);
    const std::string_view bytes = packed;
    const auto unpacked = unpack({bytes.substr(0, i), bytes.substr(i)});
    EXPECT_TRUE(unpacked.result);
    EXPECT_EQ(unpacked.text, "up 1\ndown 0\n");
  }
}

TEST(GunzipTest, UnpacksAPageInBoundedBlocks) {
  const std::string text = page();
  ASSERT_GT(text.size(), 128U << 10);

  const auto unpacked = unpack({gzip(text)});

  EXPECT_TRUE(unpacked.result);
  EXPECT_EQ(unpacked.text, text);
  EXPECT_LE(unpacked.longest, 64U << 10);
}

TEST(GunzipTest, TakesAnEmptyBodyForWhole) {
  EXPECT_TRUE(unpack({""}).result);
}

TEST(GunzipTest, NoticesAnEndInsideOfTheStream) {
  const std::string packed = gzip(page());
  for (const std::size_t left : {std::size_t{1}, std::size_t{5}, std::size_t{12}, packed.size() / 2,
                                 packed.size() - 8, packed.size() - 1}) {
    SCOPED_TRACE(left);
    const auto unpacked = unpack({std::string_view(packed).substr(0, left)});
    ASSERT_FALSE(unpacked.result);
    EXPECT_EQ(unpacked.result.error().fault, Fault::Truncated);
  }
}

TEST(GunzipTest, RefusesACorruptStream) {
  const auto refuses = [](const std::string& packed, std::string_view error_text) {
    const auto unpacked = unpack({packed});
    ASSERT_FALSE(unpacked.result) << error_text;
    EXPECT_EQ(unpacked.result.error().fault, Fault::Format);
    EXPECT_THAT(unpacked.result.error().what, HasSubstr(error_text));
  };
  const std::string good = gzip(page());
  std::string wrong_sum = good;
  wrong_sum[wrong_sum.size() - 8] = static_cast<char>(wrong_sum[wrong_sum.size() - 8] ^ 1);
  std::string wrong_size = good;
  wrong_size.back() = static_cast<char>(wrong_size.back() ^ 1);

  refuses(wrong_sum, "checksum");
  refuses(wrong_size, "checksum");
  refuses("up 1\nthis is plain text that nobody has packed\n", "not gzip");
  refuses(good + "something behind the end of the gzip stream", "not gzip");
}

TEST(GunzipTest, UnpacksNoMoreThanIsAskedFor) {
  Gunzip gunzip;
  const std::string packed = gzip(std::string(50U << 20, 'x'));
  ASSERT_GT(packed.size(), 10'000U);
  std::string_view rest = packed;

  const auto block = gunzip.next(rest);

  ASSERT_TRUE(block);
  EXPECT_EQ(*block, std::string(64U << 10, 'x'));
  EXPECT_GT(rest.size(), packed.size() / 2);
}

}  // namespace
}  // namespace postern::upstream
