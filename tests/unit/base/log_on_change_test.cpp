#include "base/log_on_change.h"

#include <gtest/gtest.h>

#include <string>

namespace postern {
namespace {

TEST(LogOnChangeTest, LogsABeginningAnotherCauseAndAnEndOnce) {
  LogOnChange condition;
  EXPECT_FALSE(condition.ends());

  EXPECT_TRUE(condition.begins("disk full"));
  EXPECT_FALSE(condition.begins("disk full"));
  EXPECT_TRUE(condition.begins("read-only"));
  EXPECT_TRUE(condition.begins("disk full"));

  EXPECT_TRUE(condition.ends());
  EXPECT_FALSE(condition.ends());
  EXPECT_TRUE(condition.begins("disk full"));
}

TEST(LogOnChangeTest, KnowsAConditionWithoutACause) {
  LogOnChange condition;
  EXPECT_TRUE(condition.begins());
  EXPECT_FALSE(condition.begins());
  EXPECT_TRUE(condition.ends());
  EXPECT_TRUE(condition.begins());
}

TEST(LogOnChangeTest, LogsAStepThatFailsOnceForEachErrorAndWhenItWorksAgain) {
  const auto logged = [](LogOnChange& failing, const Result<void>& tried) {
    ::testing::internal::CaptureStderr();
    logFailure(failing, "listing pods", tried, "asked again in a minute");
    return ::testing::internal::GetCapturedStderr();
  };
  const Result<void> refused = Error{Fault::Status, "403", {}, {}};
  const Result<void> silent = Error{Fault::Timeout, "no answer", {}, {}};
  LogOnChange failing;

  EXPECT_EQ(logged(failing, {}), "");
  const auto first = logged(failing, refused);
  EXPECT_NE(first.find("level=warn msg=\"listing pods fails\" fault=status error=403 "
                       "next=\"asked again in a minute\""),
            std::string::npos)
      << first;
  EXPECT_EQ(logged(failing, refused), "");
  EXPECT_NE(logged(failing, silent).find("error=\"no answer\""), std::string::npos);
  const auto over = logged(failing, {});
  EXPECT_NE(over.find("level=info msg=\"listing pods works again\""), std::string::npos) << over;
  EXPECT_EQ(logged(failing, {}), "");
}

}  // namespace
}  // namespace postern
