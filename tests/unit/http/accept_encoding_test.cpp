#include "http/accept_encoding.h"

#include <gtest/gtest.h>

namespace postern::http {
namespace {

TEST(AcceptEncodingTest, DecidesAsTheClientAsks) {
  const auto decides = [](std::string_view value, bool gzip) {
    SCOPED_TRACE(value);
    EXPECT_EQ(acceptsGzip({{"accept-encoding", std::string(value)}}), gzip);
  };

  // Named
  decides("gzip", true);
  decides("GZip", true);
  decides("x-gzip", true);
  decides("deflate, gzip;q=1.0, *;q=0.5", true);
  decides("br , gzip ; q=0.001", true);
  decides("gzipped", false);
  decides("deflate, br", false);
  decides("identity", false);
  decides("", false);
  // Quality 0 excludes
  decides("gzip;q=0", false);
  decides("gzip;q=0.", false);
  decides("gzip;q=0.000, *", false);
  decides("*, gzip;Q=0", false);
  // The rest
  decides("*", true);
  decides("br, *;q=0.1", true);
  decides("*;q=0", false);
  decides("*;q=0, gzip", true);
  // Unreadable
  decides("gzip;q=", false);
  decides("gzip;q=2", false);
  decides("gzip;q=1.5", false);
  decides("gzip;q=0.0001", false);
  decides("gzip;level=1", false);
  decides(",,;,", false);
}

TEST(AcceptEncodingTest, ReadsAllHeadersOfThatName) {
  EXPECT_FALSE(acceptsGzip({}));
  EXPECT_FALSE(acceptsGzip({{"accept", "gzip"}}));
  EXPECT_TRUE(acceptsGzip({{"accept-encoding", "br"}, {"accept-encoding", "gzip"}}));
}

}  // namespace
}  // namespace postern::http
