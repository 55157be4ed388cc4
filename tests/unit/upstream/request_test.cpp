#include "upstream/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/version.h"

namespace postern::upstream {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

config::Url urlOf(const std::string& host, std::uint16_t port) {
  config::Url url;
  url.host = host;
  url.port = port;
  return url;
}

std::string written(const Request& request, const config::Url& url) {
  const auto bytes = writeRequest(request, url, request.path);
  return bytes ? std::string(bytes->reveal()) : bytes.error().what;
}

std::string agent() {
  return "User-Agent: postern/" + std::string(version()) + "\r\n";
}

TEST(RequestTest, WritesAGet) {
  Request request;
  request.path = "/metrics?format=prometheus";
  request.headers = {{"Accept", "text/plain"}};
  request.secret_header = "Authorization";
  request.secret_value = Secret("Bearer t0ken");

  EXPECT_EQ(
      written(request, urlOf("web", 8443)),
      "GET /metrics?format=prometheus HTTP/1.1\r\nHost: web:8443\r\n" + agent() +
          "Accept-Encoding: gzip\r\nAccept: text/plain\r\nAuthorization: Bearer t0ken\r\n\r\n");
}

TEST(RequestTest, WritesEachSecretHeader) {
  Request request;
  request.path = "/metrics";
  request.secret_header = "Authorization";
  request.secret_value = Secret("Bearer t0ken");
  request.secret_headers = {{"X-Api-Key", Secret("one")}, {"X-Api-Key", Secret("two")}};

  EXPECT_THAT(
      written(request, urlOf("web", 443)),
      HasSubstr("\r\nAuthorization: Bearer t0ken\r\nX-Api-Key: one\r\nX-Api-Key: two\r\n\r\n"));
}

TEST(RequestTest, AsksForTheNameThatTheServiceHasToProve) {
  const auto host = [](const config::Url& url, const std::string& server_name) {
    config::Tls tls;
    tls.server_name = server_name;
    Request request;
    request.path = "/";
    const auto text = written(request, config::named(url, tls));
    const auto from = text.find("Host: ");
    return text.substr(from, text.find("\r\n", from) - from);
  };
  EXPECT_EQ(host(urlOf("localhost", 443), ""), "Host: localhost");
  EXPECT_EQ(host(urlOf("localhost", 443), "whatsapp-web"), "Host: whatsapp-web");
  EXPECT_EQ(host(urlOf("127.0.0.1", 8443), "whatsapp-web"), "Host: whatsapp-web:8443");
  EXPECT_EQ(host(urlOf("localhost", 443), "web.internal."), "Host: web.internal");
  EXPECT_EQ(host(urlOf("localhost", 443), "fd00::1"), "Host: [fd00::1]");
}

TEST(RequestTest, WritesABodyWithItsLength) {
  Request request;
  request.method = "POST";
  request.path = "/login";
  request.body = Secret("{}");
  request.content_type = "application/json";

  EXPECT_EQ(written(request, urlOf("::1", 443)),
            "POST /login HTTP/1.1\r\nHost: [::1]\r\n" + agent() +
                "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(RequestTest, WritesTheLengthOfAPostWithoutBody) {
  Request request;
  request.method = "POST";
  request.path = "/logout";

  EXPECT_THAT(written(request, urlOf("web", 443)), HasSubstr("\r\nContent-Length: 0\r\n\r\n"));
}

TEST(RequestTest, LetsTheCallerChooseTheCoding) {
  Request request;
  request.path = "/";
  request.headers = {{"accept-encoding", "identity"}};

  EXPECT_THAT(written(request, urlOf("web", 443)), Not(HasSubstr("gzip")));
}

TEST(RequestTest, RefusesWhatWouldChangeTheMessage) {
  const auto refuses = [](void (*spoil)(Request&), std::string_view error_text) {
    Request request;
    request.path = "/metrics";
    spoil(request);
    const auto bytes = writeRequest(request, urlOf("web", 443), request.path);
    ASSERT_FALSE(bytes) << error_text;
    EXPECT_EQ(bytes.error().fault, Fault::Format);
    EXPECT_THAT(bytes.error().what, HasSubstr(error_text));
    EXPECT_THAT(bytes.error().what, Not(HasSubstr("hunter2")));
  };

  // Method and path
  refuses([](Request& r) { r.method = "GET /x HTTP/1.1\r\n"; }, "method");
  refuses([](Request& r) { r.method = ""; }, "method");
  refuses([](Request& r) { r.path = "/a b"; }, "path");
  refuses([](Request& r) { r.path = "/a\r\nX: y"; }, "path");
  refuses([](Request& r) { r.path = "/\xc3\xa4"; }, "path");
  refuses([](Request& r) { r.path = "metrics"; }, "path");
  refuses([](Request& r) { r.path = ""; }, "path");
  // Headers
  refuses([](Request& r) { r.headers = {{"X", "hunter2\r\nY: z"}}; }, "header X");
  refuses([](Request& r) { r.headers = {{"X", "hunter2\n"}}; }, "header X");
  refuses([](Request& r) { r.headers = {{"X", std::string("a\0b", 3)}}; }, "header X");
  refuses([](Request& r) { r.headers = {{"X: a\r\nY", "b"}}; }, "no header can be named");
  refuses([](Request& r) { r.headers = {{"", "b"}}; }, "no header can be named");
  refuses([](Request& r) { r.headers = {{"Content-length", "9"}}; }, "frames");
  refuses([](Request& r) { r.headers = {{"Transfer-Encoding", "chunked"}}; }, "frames");
  refuses([](Request& r) { r.headers = {{"HOST", "other"}}; }, "frames");
  refuses([](Request& r) { r.content_type = "a\r\nb: c"; }, "type");
  // The secret
  refuses(
      [](Request& r) {
        r.secret_header = "Authorization";
        r.secret_value = Secret("hunter2\r\nX: y");
      },
      "header Authorization");
  refuses([](Request& r) { r.secret_header = "A: b\r\nC"; }, "no header can be named");
  refuses(
      [](Request& r) {
        r.secret_headers = {{"A", Secret("hunter2\r\nX: y")}};
      },
      "the value of header A holds a control character");
  refuses(
      [](Request& r) {
        r.secret_headers = {{"Host", Secret("hunter2")}};
      },
      "header Host cannot be set");
}

}  // namespace
}  // namespace postern::upstream
