#include "http1/chunk_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace postern::http1 {
namespace {

constexpr ChunkLimits kLimits{
    .line = 30, .trailers = 60, .extensions = 40, .chunk = 0xFFFF, .body = 100};

struct Decoded {
  std::string body;
  std::string rest;  // bytes behind the end
  ChunkEvent last = ChunkEvent::More;
  ChunkError error = ChunkError::None;
  std::string refused_line;
};

Decoded decode(std::string_view text, std::size_t size) {
  ChunkDecoder decoder(kLimits);
  Decoded decoded;
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) {
    // In separate memory, so that a sanitizer finds a view that outlives its piece.
    const std::string piece(text.substr(0, size));
    std::string_view bytes = piece;
    ChunkStep step{ChunkEvent::Data, {}};
    while (step.event == ChunkEvent::Data) {
      step = decoder.next(bytes);
      decoded.body += step.bytes;
    }
    decoded.last = step.event;
    if (step.event == ChunkEvent::Error) {
      decoded.error = decoder.error();
      decoded.refused_line = decoder.refusedLine();
      break;
    }
    decoded.rest += bytes;
  }
  return decoded;
}

template <typename Check>
void inPiecesOfEverySize(std::string_view text, Check check) {
  for (std::size_t size = 1; size <= text.size() + 1; ++size) {
    SCOPED_TRACE(std::string(text) + " in pieces of " + std::to_string(size));
    check(decode(text, size));
  }
}

TEST(ChunkDecoderTest, JoinsChunks) {
  const auto decodes = [](std::string_view text, std::string_view body,
                          std::string_view rest = "") {
    inPiecesOfEverySize(text, [&](const Decoded& decoded) {
      EXPECT_EQ(decoded.last, ChunkEvent::End);
      EXPECT_EQ(decoded.body, body);
      EXPECT_EQ(decoded.rest, rest);
    });
  };

  decodes("0\r\n\r\n", "");
  decodes("4\r\nup 1\r\n0\r\n\r\n", "up 1");
  decodes("2\r\nup\r\n002\r\n 1\r\n00\r\n\r\nHTTP/1.1", "up 1", "HTTP/1.1");
  decodes("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789");
  decodes("2\r\n\r\n\r\n0\r\n\r\n", "\r\n");
  // Extensions and trailers
  decodes("2;a=\"b;c\"\r\nup\r\n2 \t;x\r\n 1\r\n0;last\r\nExpires: 0\r\nX:\r\n\r\n", "up 1");
  decodes("1 \r\nx\r\n0\r\n\r\n", "x");
}

TEST(ChunkDecoderTest, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  const auto refuses = [](std::string_view text, ChunkError error) {
    inPiecesOfEverySize(text, [&](const Decoded& decoded) {
      EXPECT_EQ(decoded.last, ChunkEvent::Error);
      EXPECT_EQ(decoded.error, error);
    });
  };

  for (const auto* size : {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", "1x\r\n", ";x\r\n"}) {
    refuses(size, ChunkError::BadSize);
  }
  refuses("10000\r\n", ChunkError::BadSize);
  refuses("fffffffffffffffff\r\n", ChunkError::BadSize);
  refuses(" 1\r\n", ChunkError::BadExtension);
  refuses("1 1\r\n", ChunkError::BadExtension);
  refuses("1;\x01\r\n", ChunkError::BadExtension);
  refuses("1\n", ChunkError::NoCrLf);
  refuses("1\r\nx\n", ChunkError::NoCrLf);
  refuses("0\r\n\n", ChunkError::NoCrLf);
  refuses("1\r\nxx\r\n", ChunkError::ChunkTooLong);
  refuses("0\r\nno colon\r\n", ChunkError::BadTrailerName);
  refuses("0\r\n folded: x\r\n", ChunkError::BadTrailerName);
  refuses("0\r\nname : x\r\n", ChunkError::BadTrailerName);
  refuses("0\r\nname: \x01\r\n", ChunkError::BadTrailerValue);
}

TEST(ChunkDecoderTest, KeepsToItsLimits) {
  const auto ends = [](const std::string& text, ChunkEvent last,
                       ChunkError error = ChunkError::None) {
    inPiecesOfEverySize(text, [&](const Decoded& decoded) {
      EXPECT_EQ(decoded.last, last);
      EXPECT_EQ(decoded.error, error);
    });
  };
  const auto filled = [](std::size_t size) { return std::string(size, 'x'); };

  // One line: 30 bytes with CR LF
  ends("1;" + filled(26) + "\r\nx\r\n", ChunkEvent::More);
  ends("1;" + filled(27) + "\r\n", ChunkEvent::Error, ChunkError::LineTooLong);
  ends("1;" + filled(28), ChunkEvent::Error, ChunkError::LineTooLong);
  ends("0\r\nT: " + filled(27), ChunkEvent::Error, ChunkError::LineTooLong);
  // Extensions: 40 bytes of all chunks
  ends("1;" + filled(19) + "\r\nx\r\n1;" + filled(19) + "\r\nx\r\n", ChunkEvent::More);
  ends("1;" + filled(19) + "\r\nx\r\n1;" + filled(20) + "\r\n", ChunkEvent::Error,
       ChunkError::TooManyExtensions);
  // Trailers: 60 bytes with line ends and the empty line
  ends("0\r\nT: " + filled(24) + "\r\nT: " + filled(24) + "\r\n\r\n", ChunkEvent::End);
  ends("0\r\nT: " + filled(24) + "\r\nT: " + filled(25) + "\r\n\r\n", ChunkEvent::Error,
       ChunkError::TooManyTrailers);
  // Body: 100 bytes, refused before the data arrives
  ends("40\r\n" + filled(64) + "\r\n24\r\n" + filled(36) + "\r\n0\r\n\r\n", ChunkEvent::End);
  ends("40\r\n" + filled(64) + "\r\n25\r\n", ChunkEvent::Error, ChunkError::BodyTooLarge);
  ends("FFFF\r\n", ChunkEvent::Error, ChunkError::BodyTooLarge);
}

TEST(ChunkDecoderTest, NamesTheTrailerThatItRefuses) {
  inPiecesOfEverySize("0\r\nGood: x\r\nBad: \x01\r\n",
                      [](const Decoded& decoded) { EXPECT_EQ(decoded.refused_line, "Bad: \x01"); });
}

TEST(ChunkDecoderTest, StaysAtItsEndAndAtItsError) {
  ChunkDecoder ended(kLimits);
  std::string_view bytes = "0\r\n\r\n1\r\n";
  EXPECT_EQ(ended.next(bytes).event, ChunkEvent::End);
  EXPECT_EQ(ended.next(bytes).event, ChunkEvent::End);
  EXPECT_EQ(bytes, "1\r\n");

  ChunkDecoder spent(kLimits);
  bytes = "x\r\n0\r\n\r\n";
  EXPECT_EQ(spent.next(bytes).event, ChunkEvent::Error);
  EXPECT_EQ(spent.next(bytes).event, ChunkEvent::Error);
  EXPECT_EQ(spent.error(), ChunkError::BadSize);
}

}  // namespace
}  // namespace postern::http1
