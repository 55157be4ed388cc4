#include "upstream/client_refusal.h"

#include "unit/upstream/client_fixture.h"

namespace postern::upstream {
namespace {

// As in ngx_http_special_response.c.
std::string nginx(std::string_view title, std::string_view centered) {
  return "<html>\r\n<head><title>400 " + std::string(title) +
         "</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>" +
         std::string(centered) +
         "</center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";
}

const std::string kNoneSent =
    nginx("No required SSL certificate was sent", "No required SSL certificate was sent");
const std::string kCertificateError =
    nginx("The SSL certificate error", "The SSL certificate error");

TEST(ClientRefusalTest, KnowsARefusedCertificateByTheAnswer) {
  struct Case {
    int status;
    std::string body;
    bool refuses;
  };
  const Case cases[] = {
      {400, kNoneSent, true},
      {400, kCertificateError, true},
      {400, "SSL client certificate required\n", true},
      {495, "", true},
      {496, "", true},
      {400, "", false},
      {400, "bad request", false},
      {400,
       nginx("The plain HTTP request was sent to HTTPS port",
             "The plain HTTP request was sent to HTTPS port"),
       false},
      {200, kCertificateError, false},
      {401, kCertificateError, false},
      {403, kCertificateError, false},
      {500, kCertificateError, false},
  };
  for (const auto& each : cases)
    EXPECT_EQ(refusesClientCertificate(each.status, each.body), each.refuses)
        << each.status << " " << each.body;
}

TEST(ClientRefusalTest, SaysWhatMendsIt) {
  const auto none = clientRefusal(400, kNoneSent, /*shown=*/false);
  EXPECT_EQ(none.fault, Fault::Tls);
  EXPECT_EQ(none.detail, Detail::ClientCertificate);
  EXPECT_EQ(
      none.what,
      "answered 400: the service requires a client certificate: set cert_file and key_file, or "
      "mount tls.crt and tls.key into --tls.dir");
  EXPECT_EQ(none.remedy, "set cert_file and key_file, or mount tls.crt and tls.key into --tls.dir");
  EXPECT_EQ(clientRefusal(400, kCertificateError, true).problem(),
            "answered 400: the service refused our client certificate");
  EXPECT_THAT(clientRefusal(496, "", true).problem(), HasSubstr("does not accept ours"));
}

using ClientExcerptTest = ClientTest;

TEST_F(ClientExcerptTest, KeepsTheBeginOfARefusalAlsoWhereTheConnectionEnds) {
  const auto excerpt = [&](const std::string& status, const std::string& fields,
                           const std::string& body) {
    start(always("HTTP/1.1 " + status + "\r\n" + fields +
                 "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
    const auto outcome = send(request());
    EXPECT_TRUE(outcome.response);
    EXPECT_EQ(outcome.body, "") << "it is not a page";
    return outcome.response ? outcome.response->excerpt : "failed";
  };
  EXPECT_EQ(excerpt("400 Bad Request", "Connection: close\r\n", kNoneSent), kNoneSent);
  EXPECT_EQ(excerpt("400 Bad Request", "", kCertificateError), kCertificateError);
  EXPECT_EQ(excerpt("400 Bad Request", "", std::string(200'000, 'x')), std::string(1024, 'x'));
  EXPECT_EQ(excerpt("404 Not Found", "", "nothing here"), "");
}

}  // namespace
}  // namespace postern::upstream
