#include "base/host_port.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

TEST(HostPortTest, SplitsWhatAnAuthorityHas) {
  const auto splits = [](std::string_view text, std::string_view host, bool bracketed,
                         std::optional<std::string_view> port) {
    SCOPED_TRACE(text);
    const auto parts = splitHostPort(text);
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->host, host);
    EXPECT_EQ(parts->bracketed, bracketed);
    EXPECT_EQ(parts->port, port);
  };

  splits("example.org", "example.org", false, std::nullopt);
  splits("example.org:443", "example.org", false, "443");
  splits("127.0.0.1:8080", "127.0.0.1", false, "8080");
  splits(":9090", "", false, "9090");
  splits("[::1]", "::1", true, std::nullopt);
  splits("[2001:db8::1]:443", "2001:db8::1", true, "443");
  // Left to the caller
  splits("", "", false, std::nullopt);
  splits("[]:1", "", true, "1");
  splits("a:", "a", false, "");
  splits("a:b", "a", false, "b");
}

TEST(HostPortTest, RefusesWhatHasNoOneMeaning) {
  for (const std::string_view text : {"::1", "a:1:2", "[::1", "[::1]1", "[::1]:1:2", "[a]b]:1"}) {
    EXPECT_FALSE(splitHostPort(text)) << text;
  }
}

TEST(HostPortTest, WritesAddressesOfIpv6InBrackets) {
  EXPECT_EQ(bracketedHost("example.org"), "example.org");
  EXPECT_EQ(bracketedHost("::1"), "[::1]");
  EXPECT_EQ(joinHostPort("localhost", 443), "localhost:443");
  EXPECT_EQ(joinHostPort("2001:db8::1", 65535), "[2001:db8::1]:65535");
}

}  // namespace
}  // namespace postern
