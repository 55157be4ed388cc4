#include "http1/body_framing.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace postern::http1 {
namespace {

TEST(BodyFramingTest, KnowsWhichResponsesHaveNoBody) {
  for (const int status : {100, 103, 204, 304}) EXPECT_FALSE(mayHaveBody(status)) << status;
  for (const int status : {200, 205, 206, 302, 404, 503})
    EXPECT_TRUE(mayHaveBody(status)) << status;
}

TEST(BodyFramingTest, ReadsALength) {
  const auto reads = [](std::string_view value, std::uint64_t length) {
    BodyFraming framing(RepeatedLength::Refused);
    EXPECT_EQ(framing.take("content-length", value), FramingError::None) << value;
    EXPECT_EQ(framing.contentLength(), length);
    EXPECT_FALSE(framing.chunked());
  };
  const auto refuses = [](std::string_view value, FramingError error) {
    for (const auto repeated : {RepeatedLength::Refused, RepeatedLength::Accepted}) {
      BodyFraming framing(repeated);
      EXPECT_EQ(framing.take("content-length", value), error) << value;
    }
  };

  reads("0", 0);
  reads("0065", 65);
  reads("99999999999999999999999", std::numeric_limits<std::uint64_t>::max());

  for (const auto* value : {"", "+5", "-5", "0x5", "5 5", ",", "5,", ",5"}) {
    refuses(value, FramingError::BadLength);
  }
}

// RFC 9112 section 6.3: reject the message, or use the single value.
TEST(BodyFramingTest, AcceptsARepeatedLengthWhereTheCallerDoes) {
  BodyFraming strict(RepeatedLength::Refused);
  EXPECT_EQ(strict.take("content-length", "5, 5"), FramingError::BadLength);

  BodyFraming strict_of_two(RepeatedLength::Refused);
  EXPECT_EQ(strict_of_two.take("content-length", "5"), FramingError::None);
  EXPECT_EQ(strict_of_two.take("content-length", "5"), FramingError::BadLength);

  BodyFraming lenient(RepeatedLength::Accepted);
  EXPECT_EQ(lenient.take("content-length", "5 ,\t5"), FramingError::None);
  EXPECT_EQ(lenient.take("content-length", "05"), FramingError::None);
  EXPECT_EQ(lenient.contentLength(), 5U);
  EXPECT_EQ(lenient.take("content-length", "6"), FramingError::DifferentLengths);
}

TEST(BodyFramingTest, KnowsOneTransferCoding) {
  const auto codes = [](std::string_view value, FramingError error) {
    BodyFraming framing(RepeatedLength::Refused);
    EXPECT_EQ(framing.take("transfer-encoding", value), error) << value;
    EXPECT_EQ(framing.chunked(), error == FramingError::None);
  };

  codes("chunked", FramingError::None);
  codes("Chunked", FramingError::None);
  for (const auto* value :
       {"", "gzip", "gzip, chunked", "chunked, chunked", "xchunked", "chunked;q=1"}) {
    codes(value, FramingError::UnknownCoding);
  }
  BodyFraming twice(RepeatedLength::Refused);
  EXPECT_EQ(twice.take("transfer-encoding", "chunked"), FramingError::None);
  EXPECT_EQ(twice.take("transfer-encoding", "chunked"), FramingError::UnknownCoding);
}

TEST(BodyFramingTest, SaysWhetherTheConnectionStaysOpen) {
  const auto keeps = [](std::string_view value, bool in_10, bool in_11) {
    BodyFraming framing(RepeatedLength::Refused);
    EXPECT_EQ(framing.take("connection", value), FramingError::None);
    EXPECT_EQ(framing.keepAlive(0), in_10) << value;
    EXPECT_EQ(framing.keepAlive(1), in_11) << value;
  };

  keeps("", false, true);
  keeps("Keep-Alive", true, true);
  keeps("upgrade, Close", false, false);
  keeps("close, keep-alive", false, false);
  keeps("closed", false, true);
}

TEST(BodyFramingTest, PassesOverOtherHeaders) {
  BodyFraming framing(RepeatedLength::Refused);

  EXPECT_EQ(framing.take("x-content-length", "x"), FramingError::None);

  EXPECT_EQ(framing.contentLength(), std::nullopt);
  EXPECT_TRUE(framing.keepAlive(1));
}

}  // namespace
}  // namespace postern::http1
