#include "upstream/redirect.h"

#include <gtest/gtest.h>

namespace postern::upstream {
namespace {

TEST(RedirectTest, LeadsToTheSameOriginOnly) {
  config::Url url;
  url.host = "web.internal";
  url.port = 8443;
  const auto leads = [&url](std::string_view location, std::optional<std::string> target) {
    SCOPED_TRACE(location);
    EXPECT_EQ(redirectTarget(url, "/v1/metrics?a=b", location), target);
  };

  // Absolute
  leads("https://web.internal:8443/m?x=1", "/m?x=1");
  leads("HTTPS://WEB.internal:8443/m", "/m");
  leads("https://web.internal:8443", "/");
  leads("https://web.internal:8443?x", "/?x");
  leads("//web.internal:8443/m#part", "/m");
  // Elsewhere
  leads("http://web.internal:8443/m", std::nullopt);
  leads("https://web.internal/m", std::nullopt);
  leads("https://web.internal:443/m", std::nullopt);
  leads("https://evil.example:8443/m", std::nullopt);
  leads("https://web.internal:8443@evil.example/m", std::nullopt);
  leads("https://evil@web.internal:8443/m", std::nullopt);
  leads("https://web.internal:8443.evil.example/m", std::nullopt);
  leads("//evil.example/m", std::nullopt);
  leads("https:/m", std::nullopt);
  leads("javascript:alert(1)", std::nullopt);
  leads("", std::nullopt);
  leads("#part", std::nullopt);
  // Relative
  leads("/m", "/m");
  leads("m", "/v1/m");
  leads("?c=d", "/v1/metrics?c=d");
  leads("../m", "/m");
  leads("../../../m", "/m");
  leads("./", "/v1/");
  leads("/a/./b/../c/", "/a/c/");
  leads("/m?at=http://x:1/../y", "/m?at=http://x:1/../y");
}

TEST(RedirectTest, KnowsTheDefaultPortAndIpv6) {
  config::Url url;
  url.host = "::1";

  EXPECT_EQ(redirectTarget(url, "/", "https://[::1]/m"), "/m");
  EXPECT_EQ(redirectTarget(url, "/", "https://[::1]:443/m"), "/m");
  EXPECT_EQ(redirectTarget(url, "/", "https://[::1]:8443/m"), std::nullopt);
  EXPECT_EQ(redirectTarget(url, "/", "https://[::2]/m"), std::nullopt);
}

TEST(RedirectTest, KnowsTheServiceByTheNameThatItWasAskedFor) {
  config::Url url;
  url.host = "localhost";
  url.port = 8443;
  url.server_name = "web.internal";
  const auto leads = [&url](std::string_view location) {
    return redirectTarget(url, "/metrics", location).has_value();
  };
  EXPECT_TRUE(leads("https://web.internal:8443/m"));
  EXPECT_TRUE(leads("https://localhost:8443/m"));
  EXPECT_FALSE(leads("https://web.internal/m"));
  EXPECT_FALSE(leads("https://evil.example:8443/m"));
}

}  // namespace
}  // namespace postern::upstream
