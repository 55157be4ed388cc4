#include "exposition/families.h"

#include <gmock/gmock.h>

#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

using ::testing::HasSubstr;

Families parsed(std::string_view page) {
  auto families = readFamilies(Syntax::Text, page, {});
  EXPECT_TRUE(families) << (families ? "" : families.error().what);
  return families ? *std::move(families) : Families{};
}

std::string merged(std::string_view first, std::string_view second) {
  Families into = parsed(first);
  merge(into, parsed(second));
  return written(into);
}

TEST(FamiliesTest, WritesAPageAsItWas) {
  const std::string_view page =
      "# HELP a help \\n\n# TYPE a counter\na 1\na{b=\"c\"} 2.50 77\n"
      "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"
      "# TYPE \"x.y\" gauge\n{\"x.y\"} 1\nuntyped 1e3\n";
  EXPECT_EQ(written(parsed(page)), page);
  EXPECT_EQ(parsed(page).samples, 7U);
}

TEST(FamiliesTest, UnitesFamiliesThatAreTornApart) {
  EXPECT_EQ(written(parsed("# TYPE a gauge\na 1\nb 2\n# comment\n\na 3\n# HELP a late\n")),
            "# HELP a late\n# TYPE a gauge\na 1\na 3\nb 2\n");
}

TEST(FamiliesTest, GivesSuffixesToTheFamilyThatTheyBelongTo) {
  const auto families = [](std::string_view page) {
    std::string names;
    for (const Family& family : parsed(page).families) names += family.name + " ";
    return names;
  };

  EXPECT_EQ(families("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nx 1\nh_sum 1\nh_count 1\n"),
            "h x ");
  EXPECT_EQ(families("# TYPE s summary\ns_sum 1\ns_count 1\ns{quantile=\"1\"} 1\n"), "s ");
  EXPECT_EQ(families("# TYPE s summary\ns_bucket 1\n"), "s s_bucket ");
  EXPECT_EQ(families("# TYPE c counter\nc_sum 1\nc 2\n"), "c c_sum ");
  EXPECT_EQ(families("# TYPE h histogram\n# TYPE h_sum gauge\nh_sum 1\nh_count 1\n"), "h h_sum ");
}

TEST(FamiliesTest, KeepsTheFirstHelpAndType) {
  EXPECT_EQ(written(parsed("# HELP a one\n# HELP a two\n# TYPE a gauge\n# TYPE a counter\na 1\n")),
            "# HELP a one\n# TYPE a gauge\na 1\n");
}

TEST(FamiliesTest, FailsAsTheReaderDoes) {
  const auto fails = [](std::string_view page, const config::Limits& limits, Fault fault,
                        std::string_view complaint) {
    const auto families = readFamilies(Syntax::Text, page, {.limits = limits});
    ASSERT_FALSE(families);
    EXPECT_EQ(families.error().fault, fault);
    EXPECT_THAT(families.error().what, HasSubstr(complaint));
  };

  fails("a 1\nb one\n", {}, Fault::Format, "line 2, column 3");
  fails("# nothing\n", {}, Fault::Empty, "no sample");
  fails("a 1\nb 2\n", {.samples = 1}, Fault::Limit, "sample_limit");
}

TEST(FamiliesTest, CutsTimestampsOffWhenTheyAreNotHonoured) {
  auto families = readFamilies(Syntax::Text, "a 1 2\nb 3 4", {.honor_timestamps = false});
  ASSERT_TRUE(families);
  EXPECT_EQ(written(*families), "a 1\nb 3\n");
}

TEST(FamiliesTest, MergesPagesIntoOneWithoutRepeatingHelpAndType) {
  EXPECT_EQ(merged("# HELP a one\n# TYPE a gauge\na 1\nb 1\n",
                   "# HELP a two\n# TYPE a gauge\na{n=\"2\"} 2\nc 2\n"),
            "# HELP a one\n# TYPE a gauge\na 1\na{n=\"2\"} 2\nb 1\nc 2\n");
}

TEST(FamiliesTest, MergesByTheFirstTypeThatIsGiven) {
  EXPECT_EQ(merged("# TYPE a gauge\na 1\n", "# TYPE a counter\na 2\n"),
            "# TYPE a gauge\na 1\na 2\n");
  EXPECT_EQ(merged("a 1\n", "# HELP a h\n# TYPE a counter\na 2\n"),
            "# HELP a h\n# TYPE a counter\na 1\na 2\n");
  EXPECT_EQ(merged("# TYPE h histogram\nh_count 1\n", "h_count{n=\"2\"} 1\nb 1\n"),
            "# TYPE h histogram\nh_count 1\nh_count{n=\"2\"} 1\nb 1\n");
}

TEST(FamiliesTest, CountsSamplesAndBytesOfBothPages) {
  Families into = parsed("a 1\n");
  merge(into, parsed("# HELP a x\na 2\nb 3\n"));
  EXPECT_EQ(into.samples, 3U);
  EXPECT_EQ(into.bytes(), std::string_view("a"
                                           "x"
                                           "a 1\na 2\n"
                                           "b"
                                           "b 3\n")
                              .size());
}

}  // namespace
}  // namespace postern::exposition
