#include <gmock/gmock.h>

#include "integration/target_fixture.h"

namespace postern {
namespace {

using ::testing::HasSubstr;

using PageStatusTest = testing::TargetTest;

TEST_F(PageStatusTest, SaysOfEachStatusWhatItIsAboutAndWhatMendsIt) {
  struct Case {
    int status;
    const char* body;
    Fault fault;
    Detail detail;
    const char* words;
    const char* remedy;
  };
  const Case cases[] = {
      {400, "<center>The SSL certificate error</center>", Fault::Tls, Detail::ClientCertificate,
       "page /metrics: answered 400: the service refused our client certificate",
       "put one of a CA that it trusts"},
      {400, "no such parameter", Fault::Status, Detail::None, "page /metrics: answered 400",
       "params of the page"},
      {404, "", Fault::Status, Detail::None, "page /metrics: answered 404",
       "the service does not have this page"},
      {421, "", Fault::Status, Detail::Misdirected,
       "answered 421: the service does not serve localhost, the name that postern sent as Host",
       "set server_name"},
      {495, "", Fault::Tls, Detail::ClientCertificate, "answered 495", "cert_file"},
      {500, "<center>The SSL certificate error</center>", Fault::Status, Detail::None,
       "page /metrics: answered 500", "the service's log"},
  };
  open();
  ASSERT_TRUE(scrape().page);
  for (const auto& each : cases) {
    SCOPED_TRACE(each.words);
    testing::Provocation provocation;
    provocation.status = each.status;
    provocation.body = each.body;
    whatsapp.provoke("/metrics", provocation);
    const auto answer = scrape();
    ASSERT_FALSE(answer.page);
    const auto& error = answer.page.error();
    EXPECT_EQ(error.fault, each.fault);
    EXPECT_EQ(error.detail, each.detail);
    EXPECT_THAT(error.what, HasSubstr(each.words));
    EXPECT_THAT(error.remedy, HasSubstr(each.remedy));
    EXPECT_EQ(whatsapp.counters().logins, 1U);
  }
}

}  // namespace
}  // namespace postern
