#include "exposition/passage.h"

#include <gmock/gmock.h>

#include "config/selector.h"
#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

using ::testing::HasSubstr;

// As services send it: families, labels, values of every kind.
constexpr std::string_view kPage =
    "# HELP up Whether it runs.\n"
    "# TYPE up gauge\n"
    "up 1\n"
    "\n"
    "# a comment\n"
    "# TYPE requests_total counter\n"
    "requests_total{code=\"200\",path=\"/a\"} 1027\n"
    "requests_total{code=\"500\",path=\"/ 1\\n\"} 3\n"
    "# TYPE go_threads gauge\n"
    "go_threads 12\n"
    "# TYPE load gauge\n"
    "load{host=\"a\"} NaN\n";

// The values in their order, one for each sample of kPage.
std::string pageWith(const std::vector<std::string>& values) {
  std::string page;
  auto value = values.begin();
  std::string_view rest = kPage;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const bool sample = !line.empty() && line.front() != '#';
    page.append(sample ? line.substr(0, line.rfind(' ') + 1) : line);
    if (sample) page += *value++;
    page += '\n';
  }
  return page;
}

Result<std::string> noJson(Format, std::string_view) {
  return std::string();
}

class PassageTest : public ::testing::Test {
 protected:
  Checked pass(const std::string& page, StencilKeeper* of) {
    Passage passage(format, options, output, noJson, of);
    passage.contentType(content_type);
    Checked checked;
    auto result = passage.feed(page);
    if (result) result = passage.finish();
    checked.taken = static_cast<bool>(result);
    if (result) {
      checked.text = passage.out();
      checked.counts = passage.counts();
      EXPECT_EQ(passage.format(), Format::Text);
    } else {
      checked.fault = result.error().fault;
      checked.what = result.error().what;
    }
    return checked;
  }
  // Whether it needs not be read.
  bool fits(std::string page) {
    const auto stencil = keeper.find(output, content_type);
    std::string out;
    const bool fits = stencil && stencil->fill(page, out);
    EXPECT_EQ(out.empty(), !fits);
    return fits;
  }
  // And the same must come of it as if no page had been before.
  void expectTheSame(const std::string& page, bool fit) {
    SCOPED_TRACE(page);
    EXPECT_EQ(fits(page), fit);
    EXPECT_TRUE(pass(page, &keeper) == pass(page, nullptr));
  }

  std::optional<Format> format = Format::Text;
  PageOptions options;
  Output output = kText1;
  std::string content_type;
  StencilKeeper keeper;
};

TEST_F(PassageTest, ReadsAPageLikeTheLastOneByItsValuesAlone) {
  EXPECT_FALSE(fits(std::string(kPage))) << "there was none yet";
  expectTheSame(std::string(kPage), false);
  expectTheSame(std::string(kPage), true);
  expectTheSame(pageWith({"0", "1.5e+07", "-4", "3.25", "+Inf"}), true);
  expectTheSame(pageWith({"123456789.125", "1e9", "0.1", "NaN", "-Inf"}), true);
}

TEST_F(PassageTest, KnowsAPageWhoseFormatIsNotGiven) {
  format.reset();
  expectTheSame(std::string(kPage), false);
  expectTheSame(pageWith({"0", "1.5e+07", "-4", "3.25", "+Inf"}), true);
}

TEST_F(PassageTest, WritesWhatTheRulesHaveMadeOfIt) {
  config::Reshape reshape;
  reshape.labels = {{"cluster", "eu"}};
  config::Relabel drop;
  drop.action = config::RelabelAction::Drop;
  drop.source_labels = {"__name__"};
  drop.regex = config::inRe2("go_.*");
  reshape.metric_relabel_configs = {drop};
  const auto digest = [](std::string_view text) { return std::string(text); };
  Reshaper reshaper(Rules::compile(reshape, {digest, digest}));
  options.reshaper = &reshaper;
  for (const Output& form : {kText1, kOpenMetrics1}) {
    output = form;
    expectTheSame(std::string(kPage), false);
    const auto page = pageWith({"0", "12", "7", "9", "2.5"});
    expectTheSame(page, true);
    const auto text = pass(page, &keeper).text;
    EXPECT_THAT(text, HasSubstr("requests_total{code=\"200\",path=\"/a\",cluster=\"eu\"} 12\n"));
    EXPECT_THAT(text, Not(HasSubstr("go_threads")));
    expectTheSame(pageWith({"0", "12", "7", "bad", "2.5"}), false);
  }
}

TEST_F(PassageTest, ReadsEveryPageOfAnotherShape) {
  const std::string page(kPage);
  std::string other_label = page;
  other_label.replace(page.find("\"/a\""), 4, "\"/b\"");
  for (const std::string& other :
       {other_label, page + "more 1\n", page.substr(0, page.rfind("load{")),
        page.substr(0, page.size() - 1), page.substr(0, page.size() - 5), std::string(),
        std::string("\n"), "# another comment\n" + page,
        pageWith({"1", "2", "3", "4", "5 1600000000000"}), pageWith({"1", "2", "3", "4", "5 "}),
        pageWith({"1", "2", "3", "4", "0x1"}), pageWith({"1", "2", "3", "4", "+5"}),
        pageWith({"1", "2", "3", "4", "nan"}), pageWith({"", "2", "3", "4", "5"}),
        pageWith({"1", "2", "3", "1e400", "5"}),
        pageWith({"1", "2", "3", "4", std::string(41, '7')}),
        pageWith({"1 2\nup 3", "2", "3", "4", "5"})}) {
    pass(page, &keeper);
    pass(page, &keeper);
    ASSERT_TRUE(fits(page));
    expectTheSame(other, false);
  }
}

TEST_F(PassageTest, KeepsNothingOfAPageWhoseValuesAreNotAlone) {
  for (const std::string page :
       {"a 1\nb 2 1600000000000\n", "a 1\nb 2 \n", "a 1\nb 2", "bad\n", ""}) {
    pass(page, &keeper);
    EXPECT_FALSE(fits(page)) << page;
  }
  options.strict = true;
  pass(std::string(kPage), &keeper);
  EXPECT_FALSE(fits(std::string(kPage))) << "strictness looks at values";
}

TEST_F(PassageTest, KeepsToTheLineLimitAlsoUnread) {
  options.limits.line = 100;
  pass(std::string("a{b=\"") + std::string(50, 'b') + "\"} 1\n", &keeper);
  EXPECT_TRUE(fits(std::string("a{b=\"") + std::string(50, 'b') + "\"} 2\n"));
  pass(std::string("a{b=\"") + std::string(60, 'b') + "\"} 1\n", &keeper);
  EXPECT_FALSE(fits(std::string("a{b=\"") + std::string(60, 'b') + "\"} 2\n"));
}

TEST_F(PassageTest, KeepsOneFormAtATime) {
  pass(std::string(kPage), &keeper);
  output = kOpenMetrics1;
  EXPECT_FALSE(fits(std::string(kPage)));
  output = kText1;
  content_type = "text/plain";
  EXPECT_FALSE(fits(std::string(kPage)));
  content_type = "";
  EXPECT_TRUE(fits(std::string(kPage)));
}

TEST_F(PassageTest, TakesALargePageAsItComes) {
  std::string page;
  while (page.size() <= Passage::kSmall) page += "a{n=\"" + std::to_string(page.size()) + "\"} 1\n";
  Passage passage(Format::Text, options, output, noJson, &keeper);
  ASSERT_TRUE(passage.feed(std::string_view(page).substr(0, Passage::kSmall)));
  EXPECT_EQ(passage.out(), "") << "it may be a small one";
  ASSERT_TRUE(passage.feed(std::string_view(page).substr(Passage::kSmall)));
  EXPECT_EQ(passage.out(), page);
  ASSERT_TRUE(passage.finish());
  EXPECT_FALSE(fits(page));
}

TEST(StencilKeeperTest, WantsFewerAndFewerOfAPageThatIsNeverTheSame) {
  StencilKeeper keeper;
  std::vector<int> wanted;
  for (int page = 1; page <= 20; ++page) {
    if (keeper.wants(false)) wanted.push_back(page);
  }
  EXPECT_THAT(wanted, ::testing::ElementsAre(1, 2, 4, 8, 16));
  EXPECT_FALSE(keeper.wants(true));
  EXPECT_TRUE(keeper.wants(false));
}

TEST(StencilKeeperTest, HoldsFourMebibytesForAllPages) {
  std::vector<std::unique_ptr<StencilKeeper>> keepers;
  const auto keepOne = [&] {
    auto& keeper = *keepers.emplace_back(std::make_unique<StencilKeeper>());
    std::string page = "a{b=\"" + std::string(60'000, 'b') + "\"} 1\n";
    Passage passage(Format::Text, {}, kText1, noJson, &keeper);
    EXPECT_TRUE(passage.feed(page) && passage.finish());
    return keeper.find(kText1, "") != nullptr;
  };
  int kept = 0;
  while (kept < 100 && keepOne()) ++kept;
  EXPECT_GT(kept, 60);
  EXPECT_LT(kept, 70);
  keepers.pop_back();
  keepers.pop_back();
  EXPECT_TRUE(keepOne()) << "what one gives back another may take";
}

}  // namespace
}  // namespace postern::exposition
