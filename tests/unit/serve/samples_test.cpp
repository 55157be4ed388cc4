#include "serve/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exposition/page_reader.h"

namespace postern::serve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

SampleTable read(const std::string& page) {
  SampleTable table;
  exposition::PageReader reader(exposition::Syntax::Text, {}, table);
  EXPECT_TRUE(reader.feed(page));
  EXPECT_TRUE(reader.finish());
  table.finish();
  return table;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(SampleTableTest, PutsTheSamplesOfAFamilyTogether) {
  const auto table = read(
      "# HELP h A histogram.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n"
      "# TYPE g gauge\ng 1.50 1700000000000\nbare 7\n");
  EXPECT_EQ(table.samples(), 5U);
  EXPECT_EQ(count(table.rows(), "<tbody>"), 3U);
  EXPECT_EQ(count(table.rows(), "</tbody>"), 3U);
  EXPECT_THAT(table.rows(), AllOf(HasSubstr("A histogram."), HasSubstr("histogram</span>"),
                                  HasSubstr("le=&quot;<b>+Inf</b>&quot;}")));
  EXPECT_THAT(table.rows(), AllOf(HasSubstr("1.50"), HasSubstr("@1700000000000"))) << "as it came";
}

TEST(SampleTableTest, LetsNoMarkupThrough) {
  const auto table =
      read("# HELP a <script>x</script>\n# TYPE a gauge\na{b=\"\\\"><img src=x>\"} 1\n");
  EXPECT_THAT(table.rows(), AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")),
                                  HasSubstr("&lt;img src=x&gt;")));
}

TEST(SampleTableTest, CutsWhatIsTooMuchAndStillCountsIt) {
  std::string page;
  for (std::size_t i = 0; i < SampleTable::kMostSamples + 5; ++i)
    page += "a{n=\"" + std::to_string(i) + "\"} 1\n";
  const auto many = read(page);
  EXPECT_EQ(many.samples(), SampleTable::kMostSamples + 5);
  EXPECT_EQ(many.shown(), SampleTable::kMostSamples);

  page.clear();
  const std::string wide(50'000, 'x');
  for (int i = 0; i < 60; ++i) page += "a{n=\"" + std::to_string(i) + wide + "\"} 1\n";
  const auto large = read(page);
  EXPECT_EQ(large.samples(), 60U);
  EXPECT_LT(large.shown(), 60U);
  EXPECT_LT(large.rows().size(), SampleTable::kMostBytes + 2 * wide.size());
}

}  // namespace
}  // namespace postern::serve
