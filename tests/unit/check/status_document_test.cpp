#include "check/status_document.h"

#include <gtest/gtest.h>

namespace postern::check {
namespace {

TEST(StatusDocumentTest, ReadsWhatIsThereAndTakesTheRestForAbsent) {
  const auto told = StatusDocument::parse(
      R"({"a": {"text": "t", "number": 3, "yes": true}, "list": [{"n": 1}, 2], "null": null})");
  ASSERT_TRUE(told);

  EXPECT_EQ(told->text("/a/text"), "t");
  EXPECT_EQ(told->number("/a/number"), 3);
  EXPECT_TRUE(told->truth("/a/yes"));
  ASSERT_EQ(told->list("/list").size(), 2U);
  EXPECT_EQ(told->list("/list")[0].number("/n"), 1);

  // Other types, and missing members
  for (const char* place : {"/a", "/a/none", "/none", "/a/text/deeper", "/list/0", "/null"}) {
    SCOPED_TRACE(place);
    EXPECT_EQ(told->text(place), "");
    EXPECT_FALSE(told->number(place));
    EXPECT_FALSE(told->truth(place));
  }
  EXPECT_TRUE(told->list("/a").empty());
  EXPECT_FALSE(told->list("/list")[1].number("/n")) << "a member that is not an object";
}

TEST(StatusDocumentTest, RefusesWhatIsNoObject) {
  for (const char* text : {"", "no JSON", "[1]", "3", "{\"a\":"})
    EXPECT_FALSE(StatusDocument::parse(text)) << text;
}

}  // namespace
}  // namespace postern::check
