#include "base/result.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

TEST(ErrorTest, HoldsProblemAndRemedyInOneSentence) {
  const auto error = withRemedy(Fault::Tls, "a: b", "do c", Detail::NotTls);
  EXPECT_EQ(error.what, "a: b: do c");
  EXPECT_EQ(error.problem(), "a: b");
  EXPECT_EQ(error.remedy, "do c");
  EXPECT_EQ(error.detail, Detail::NotTls);
}

TEST(ErrorTest, KeepsItsRemedyWhenItsSentenceIsPutIntoAnother) {
  auto error = withRemedy(Fault::Tls, "a", "do c");
  error.what = "page /metrics: " + error.what;
  EXPECT_EQ(error.problem(), "page /metrics: a");
  error.what += " (again)";
  EXPECT_EQ(error.problem(), "page /metrics: a: do c (again)") << "nothing is taken off then";
}

TEST(ErrorTest, TakesTheRemedyFromTheEndOfASentenceThatHasOne) {
  const auto remedy = [](const char* sentence) { return withRemedy(Fault::Tls, sentence).remedy; };
  EXPECT_EQ(remedy("/tls/tls.key: no such file: mount it, or correct the file name"),
            "mount it, or correct the file name");
  EXPECT_EQ(remedy("/k: denied: let the user read it (in Kubernetes: defaultMode 0440)"),
            "let the user read it (in Kubernetes: defaultMode 0440)");
  EXPECT_EQ(remedy("/c/password is empty: write the secret into it"), "write the secret into it");
  EXPECT_EQ(remedy("it went wrong"), "");
}

TEST(ErrorTest, NamesEachDetail) {
  EXPECT_EQ(detailName(Detail::None), "");
  EXPECT_EQ(detailName(Detail::ClientCertificate), "client_certificate");
  EXPECT_EQ(detailName(Detail::PasswordChange), "password_change");
}

}  // namespace
}  // namespace postern
