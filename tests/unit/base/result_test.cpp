#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

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
  EXPECT_EQ(error.problem(), "page /metrics: a: do c (again)") << "then nothing is removed";
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

TEST(ErrorTest, SaysWhereItHappenedAndKeepsTheRest) {
  auto error = withRemedy(Fault::Tls, "a", "do c", Detail::NotTls);
  error = withContext("page /metrics", std::move(error));
  EXPECT_EQ(error.what, "page /metrics: a: do c");
  EXPECT_EQ(error.problem(), "page /metrics: a");
  EXPECT_EQ(error.fault, Fault::Tls);
  EXPECT_EQ(error.detail, Detail::NotTls);
}

TEST(ErrorTest, NamesEachDetail) {
  EXPECT_EQ(detailName(Detail::None), "");
  EXPECT_EQ(detailName(Detail::ClientCertificate), "client_certificate");
  EXPECT_EQ(detailName(Detail::PasswordChange), "password_change");
}

Result<std::unique_ptr<int>> halfOf(int number) {
  if (number % 2 != 0) return Error{Fault::Format, "odd"};
  return std::make_unique<int>(number / 2);
}

Result<int> quarterOf(int number) {
  TRY(const auto half, halfOf(number));
  TRY(auto quarter, halfOf(*half));
  return *quarter;
}

Result<void> checkQuarter(int number) {
  TRY_VOID(halfOf(number));
  TRY_VOID(quarterOf(number));
  return {};
}

TEST(TryTest, GoesOnWithTheValueOrReturnsTheError) {
  ASSERT_TRUE(quarterOf(12));
  EXPECT_EQ(*quarterOf(12), 3);
  ASSERT_FALSE(quarterOf(6));
  EXPECT_EQ(quarterOf(6).error().what, "odd");
  ASSERT_FALSE(quarterOf(5));

  EXPECT_TRUE(checkQuarter(12));
  EXPECT_EQ(checkQuarter(6).error().fault, Fault::Format);
  EXPECT_EQ(checkQuarter(5).error().what, "odd");
}

}  // namespace
}  // namespace postern
