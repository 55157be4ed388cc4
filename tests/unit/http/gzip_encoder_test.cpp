#include "http/gzip_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "unit/http/inflated.h"

namespace postern::http {
namespace {

std::string page(std::size_t lines) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) {
    text += "requests_total{node=\"n" + std::to_string(i % 97) + "\"} " + std::to_string(i) + "\n";
  }
  return text;
}

std::string noise(std::size_t size) {
  std::mt19937 draw(1);  // NOLINT: the same bytes each time
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(draw()); });
  return bytes;
}

std::string packed(GzipEncoder& encoder, std::string_view plain, std::size_t step) {
  encoder.reset();
  std::string out;
  for (; !plain.empty(); plain.remove_prefix(std::min(step, plain.size()))) {
    encoder.append(plain.substr(0, step), out);
  }
  encoder.finish(out);
  return out;
}

TEST(GzipEncoderTest, PacksWhatInflatesToTheSameBytes) {
  GzipEncoder encoder;
  const auto survives = [&](const std::string& plain) {
    SCOPED_TRACE(plain.size());
    for (const std::size_t step : {1000U, 65536U, 100'000'000U}) {
      EXPECT_EQ(inflated(packed(encoder, plain, step)), plain);
    }
  };

  survives("");
  survives("a");
  survives(page(10));
  survives(page(100'000));
  survives(std::string(1'000'000, 'x'));
  survives(noise(1'000'000));
}

TEST(GzipEncoderTest, MakesAPageMuchSmaller) {
  GzipEncoder encoder;
  const auto plain = page(10'000);

  EXPECT_LT(packed(encoder, plain, plain.size()).size(), plain.size() / 4);
}

TEST(GzipEncoderTest, AnUnfinishedMemberDoesNotInflate) {
  GzipEncoder encoder;
  std::string out;

  encoder.append(page(100'000), out);

  ASSERT_FALSE(out.empty());
  EXPECT_EQ(inflated(out), std::nullopt);
}

TEST(GzipEncodersTest, ABorrowedEncoderHasForgottenTheBodyBefore) {
  GzipEncoders encoders;
  auto encoder = encoders.borrow();
  std::string half;
  encoder->append(page(1000), half);
  encoders.giveBack(std::move(encoder));

  encoder = encoders.borrow();

  std::string out;
  encoder->append("up 1\n", out);
  encoder->finish(out);
  EXPECT_EQ(inflated(out), "up 1\n");
}

}  // namespace
}  // namespace postern::http
