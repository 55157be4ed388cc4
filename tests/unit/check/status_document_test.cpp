#include "check/status_document.h"

#include <gtest/gtest.h>

namespace postern::check {
namespace {

TEST(StatusDocumentTest, ReadsWhatIsThereAndTakesTheRestForAbsent) {
  const auto status = StatusDocument::parse(
      R"({"a": {"text": "t", "number": 3, "yes": true}, "list": [{"n": 1}, 2], "null": null})");
  ASSERT_TRUE(status);

  EXPECT_EQ(status->text("/a/text"), "t");
  EXPECT_EQ(status->number("/a/number"), 3);
  EXPECT_TRUE(status->truth("/a/yes"));
  ASSERT_EQ(status->list("/list").size(), 2U);
  EXPECT_EQ(status->list("/list")[0].number("/n"), 1);

  // Other types, and missing members
  for (const char* place : {"/a", "/a/none", "/none", "/a/text/deeper", "/list/0", "/null"}) {
    SCOPED_TRACE(place);
    EXPECT_EQ(status->text(place), "");
    EXPECT_FALSE(status->number(place));
    EXPECT_FALSE(status->truth(place));
  }
  EXPECT_TRUE(status->list("/a").empty());
  EXPECT_FALSE(status->list("/list")[1].number("/n")) << "a member that is not an object";
}

TEST(StatusDocumentTest, RefusesWhatIsNoObject) {
  for (const char* text : {"", "no JSON", "[1]", "3", "{\"a\":"})
    EXPECT_FALSE(StatusDocument::parse(text)) << text;
}

}  // namespace
}  // namespace postern::check
