#include "exposition/page_pipeline.h"

#include <gmock/gmock.h>

#include "config/selector.h"
#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

using ::testing::HasSubstr;

// As services send it: families, labels and all kinds of values.
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

Result<std::string> noJson(const JsonFormat&, std::string_view) {
  return std::string();
}

class PagePipelineTest : public ::testing::Test {
 protected:
  Checked pass(const std::string& page, PageTemplateStore* of) {
    PagePipeline pipeline(format, options, output, noJson, of);
    pipeline.contentType(content_type);
    Checked checked;
    auto result = pipeline.feed(page);
    if (result) result = pipeline.finish();
    checked.taken = static_cast<bool>(result);
    if (result) checked.text = pipeline.out();
    checked.counts = pipeline.counts();
    if (result) {
      EXPECT_EQ(pipeline.format(), Format::Text);
    } else {
      checked.fault = result.error().fault;
      checked.what = result.error().what;
    }
    return checked;
  }
  // How many bytes of the page need not be read.
  std::size_t filled(const std::string& page) {
    auto lease = store.lease(output, content_type);
    if (!lease.page) return 0;
    std::size_t filled = 0;
    {
      PageWriter writer(output);
      TemplateRun run(*lease.page, /*learns=*/false, writer, options.limits.line);
      PageReader reader(Syntax::Text, options, writer);
      reader.use(run);
      if (reader.feed(page)) (void)reader.finish();
      filled = run.filled();
    }
    store.giveBack(std::move(lease.page), /*alike=*/true);
    return filled;
  }
  bool fits(const std::string& page) { return !page.empty() && filled(page) == page.size(); }
  // Requires the same result as without a previous page.
  void expectTheSame(const std::string& page, bool fit) {
    SCOPED_TRACE(page);
    EXPECT_EQ(fits(page), fit);
    EXPECT_TRUE(pass(page, &store) == pass(page, nullptr));
  }

  std::optional<PageFormat> format = Format::Text;
  PageOptions options;
  Output output = kText1;
  std::string content_type;
  PageTemplateStore store;
};

TEST_F(PagePipelineTest, ReadsAPageLikeTheLastOneByItsValuesAlone) {
  EXPECT_FALSE(fits(std::string(kPage))) << "the first page has no previous page";
  expectTheSame(std::string(kPage), false);
  expectTheSame(std::string(kPage), true);
  expectTheSame(pageWith({"0", "1.5e+07", "-4", "3.25", "+Inf"}), true);
  expectTheSame(pageWith({"123456789.125", "1e9", "0.1", "NaN", "-Inf"}), true);
}

TEST_F(PagePipelineTest, KnowsAPageWhoseFormatIsNotGiven) {
  format.reset();
  expectTheSame(std::string(kPage), false);
  expectTheSame(pageWith({"0", "1.5e+07", "-4", "3.25", "+Inf"}), true);
}

TEST_F(PagePipelineTest, WritesWhatTheRulesHaveMadeOfIt) {
  config::Reshape reshape;
  reshape.labels = {{"cluster", "eu"}};
  config::Relabel drop;
  drop.action = config::RelabelAction::Drop;
  drop.source_labels = {"__name__"};
  drop.regex = config::inRe2("go_.*");
  reshape.metric_relabel_configs = {drop};
  const auto digest = [](std::string_view text) { return std::string(text); };
  relabel::Relabeler relabeler(relabel::Rules::compile(reshape, {digest, digest}));
  options.relabeler = &relabeler;
  for (const Output& form : {kText1, kOpenMetrics1}) {
    output = form;
    expectTheSame(std::string(kPage), false);
    const auto page = pageWith({"0", "12", "7", "9", "2.5"});
    expectTheSame(page, true);
    const auto text = pass(page, &store).text;
    EXPECT_THAT(text, HasSubstr("requests_total{code=\"200\",path=\"/a\",cluster=\"eu\"} 12\n"));
    EXPECT_THAT(text, Not(HasSubstr("go_threads")));
    expectTheSame(pageWith({"0", "12", "7", "bad", "2.5"}), false);
  }
}

TEST_F(PagePipelineTest, ReadsEveryPageOfAnotherShape) {
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
    pass(page, &store);
    pass(page, &store);
    ASSERT_TRUE(fits(page));
    expectTheSame(other, false);
  }
}

TEST_F(PagePipelineTest, TakesALineThatHasMoreThanItsValueAsItIs) {
  for (const std::string page : {"a 1\nb 2 1600000000000\n", "a 1\nb 2 \n", "a 1\nb +5\n"}) {
    pass(page, &store);
    pass(page, &store);
    expectTheSame(page, true);
    expectTheSame("a 17" + page.substr(3), true);
    std::string other = page;
    other[other.find("b ") + 2] = '3';
    expectTheSame(other, false);
  }
}

TEST_F(PagePipelineTest, LearnsNothingWhereValuesOrTheWholePageMatter) {
  options.strict = true;
  pass(std::string(kPage), &store);
  EXPECT_EQ(filled(std::string(kPage)), 0U) << "strictness looks at values";
  options = {};
  options.limits.family_series = 1;
  pass(std::string(kPage), &store);
  EXPECT_EQ(filled(std::string(kPage)), 0U);
}

TEST_F(PagePipelineTest, KeepsToTheLineLimitAlsoUnread) {
  options.limits.line = 100;
  pass(std::string("a{b=\"") + std::string(50, 'b') + "\"} 1\n", &store);
  EXPECT_TRUE(fits(std::string("a{b=\"") + std::string(50, 'b') + "\"} 2\n"));
  pass(std::string("a{b=\"") + std::string(60, 'b') + "\"} 1\n", &store);
  EXPECT_FALSE(fits(std::string("a{b=\"") + std::string(60, 'b') + "\"} 2\n"));
}

TEST_F(PagePipelineTest, KeepsOneFormAtATime) {
  pass(std::string(kPage), &store);
  ASSERT_TRUE(fits(std::string(kPage)));
  output = kOpenMetrics1;
  EXPECT_FALSE(fits(std::string(kPage)));
  pass(std::string(kPage), &store);
  EXPECT_TRUE(fits(std::string(kPage)));
  content_type = "text/plain";
  EXPECT_FALSE(fits(std::string(kPage)));
}

// Lines of `size` bytes in total, in several blocks.
std::string largePage(std::size_t size) {
  std::string page;
  for (int line = 0; page.size() < size; ++line) {
    page += "requests_total{path=\"/" + std::to_string(line) + "\",code=\"200\"} 1\n";
  }
  return page;
}

TEST_F(PagePipelineTest, ReadsOnlyTheBlockOfALargePageThatChanges) {
  std::string page = largePage(300'000);
  pass(page, &store);
  ASSERT_TRUE(fits(page));
  const auto changeOne = [&](std::string_view from, std::string_view to) {
    std::string other = page;
    other.replace(other.find(from), from.size(), to);
    EXPECT_GT(filled(other), page.size() - 20'000) << to;
    EXPECT_TRUE(pass(other, &store) == pass(other, nullptr)) << to;
    EXPECT_TRUE(fits(other)) << "the change was learned: " << to;
    page = other;
  };
  changeOne("/3000\"", "/3000x\"");
  changeOne("requests_total{path=\"/2500\",code=\"200\"} 1\n", "");
  changeOne("requests_total{path=\"/2000\"", "more 5\nrequests_total{path=\"/2000\"");
  const std::string bad = page + "bad\n";
  EXPECT_TRUE(pass(bad, &store) == pass(bad, nullptr));
  EXPECT_TRUE(fits(page)) << "a failed page leaves the template unchanged";
}

TEST_F(PagePipelineTest, FindsDuplicatesAcrossBlocks) {
  std::string page = largePage(100'000);
  pass(page, &store);
  const std::string last = page.substr(page.rfind('\n', page.size() - 2) + 1);
  const std::string twice = last + page;
  EXPECT_EQ(pass(twice, &store).counts.duplicates, 1U);
  EXPECT_TRUE(fits(twice));
  EXPECT_EQ(pass(twice, &store).counts.duplicates, 1U);
  EXPECT_EQ(pass(page, &store).counts.duplicates, 0U);
}

TEST_F(PagePipelineTest, RefusesAPageOfTooManySamplesWhereAReaderWould) {
  options.limits.samples = 1'000;
  const std::string page = largePage(40'000);
  const auto samples = static_cast<std::size_t>(std::count(page.begin(), page.end(), '\n'));
  ASSERT_LT(samples, 1'000U);
  pass(page, &store);
  std::string more = page;
  while (std::count(more.begin(), more.end(), '\n') <= 1'000) more.insert(0, "first 1\n");
  const auto refused = pass(more, &store);
  EXPECT_EQ(refused.fault, Fault::Limit);
  EXPECT_TRUE(refused == pass(more, nullptr));
  expectTheSame(page, true);
}

TEST(PageTemplateStoreTest, LearnsLessAndLessOfAPageThatIsNeverTheSame) {
  PageTemplateStore store;
  std::vector<int> learned;
  for (int page = 1; page <= 20; ++page) {
    auto lease = store.lease(kText1, "");
    if (lease.learns) learned.push_back(page);
    store.giveBack(std::move(lease.page), /*alike=*/false);
  }
  EXPECT_THAT(learned, ::testing::ElementsAre(1, 2, 3, 5, 9, 17));
  store.giveBack(store.lease(kText1, "").page, /*alike=*/true);
  EXPECT_TRUE(store.lease(kText1, "").learns);
}

TEST(PageTemplateStoreTest, LendsItsTemplateToOnePageAtATime) {
  PageTemplateStore store;
  auto lease = store.lease(kText1, "");
  EXPECT_TRUE(lease.page);
  EXPECT_FALSE(store.lease(kText1, "").page);
  store.giveBack(std::move(lease.page), /*alike=*/true);
  EXPECT_TRUE(store.lease(kText1, "").page);
}

class PageTemplateLimitTest : public PagePipelineTest {
 protected:
  ~PageTemplateLimitTest() override { limitPageTemplates(std::size_t{4} << 20); }
};

TEST_F(PageTemplateLimitTest, HoldsSoManyBytesForAllPages) {
  const std::string page = largePage(200'000);
  limitPageTemplates(100'000);
  std::vector<std::unique_ptr<PageTemplateStore>> stores;
  const auto learned = [&] {
    auto& of = *stores.emplace_back(std::make_unique<PageTemplateStore>());
    EXPECT_TRUE(pass(page, &of) == pass(page, nullptr));
    EXPECT_TRUE(pass(page, &of) == pass(page, nullptr));
    auto lease = of.lease(output, content_type);
    const bool any = !lease.page->blocks.empty();
    of.giveBack(std::move(lease.page), /*alike=*/true);
    return any;
  };
  int pages = 0;
  while (pages < 100 && learned()) ++pages;
  EXPECT_GT(pages, 1);
  EXPECT_LT(pages, 10);
  stores.clear();
  EXPECT_TRUE(learned()) << "another page may use the memory that pages return";
}

TEST_F(PageTemplateLimitTest, LetsAMuchLargerPageGiveWayToASmallOne) {
  limitPageTemplates(60'000);
  pass(largePage(1'000'000), &store);  // takes all memory
  const std::string small = largePage(20'000);
  PageTemplateStore of_small;
  pass(small, &of_small);  // finds no memory
  pass(small, &of_small);
  auto lease = of_small.lease(output, content_type);
  EXPECT_FALSE(lease.page->blocks.empty());
  of_small.giveBack(std::move(lease.page), /*alike=*/true);
  const std::string other = largePage(900'000);
  PageTemplateStore of_other;
  for (int round = 0; round < 3; ++round) {
    pass(other, &of_other);
    pass(largePage(1'000'000), &store);
    pass(small, &of_small);
  }
  lease = of_small.lease(output, content_type);
  EXPECT_FALSE(lease.page->blocks.empty()) << "a large page takes no memory from a small one";
}

TEST_F(PageTemplateLimitTest, LetsAPageThatIsNotScrapedAnyMoreGiveWay) {
  limitPageTemplates(60'000);
  const std::string former = largePage(1'000'000);
  pass(former, &store);
  const std::string page = largePage(900'000);
  PageTemplateStore of_page;
  const auto learned = [&] {
    auto lease = of_page.lease(output, content_type);
    const bool any = !lease.page->blocks.empty();
    of_page.giveBack(std::move(lease.page), /*alike=*/true);
    return any;
  };
  for (int round = 0; round < 3; ++round) {  // in turn
    pass(page, &of_page);
    pass(former, &store);
  }
  EXPECT_FALSE(learned());
  for (int round = 0; round < 4; ++round) pass(page, &of_page);
  EXPECT_TRUE(learned());
}

TEST_F(PageTemplateLimitTest, LearnsTheBeginningOfAPageThatIsTooLarge) {
  const std::string page = largePage(1'000'000);
  limitPageTemplates(60'000);
  pass(page, &store);
  const std::size_t beginning = filled(page);
  EXPECT_GT(beginning, 100'000U);
  EXPECT_LT(beginning, 900'000U);
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(pass(page, &store) == pass(page, nullptr));
    EXPECT_TRUE(pass("a 1\n" + page, &store) == pass("a 1\n" + page, nullptr));
  }
  limitPageTemplates(0);
  PageTemplateStore none;
  EXPECT_TRUE(pass(page, &none) == pass(page, nullptr));
  EXPECT_EQ(none.lease(output, content_type).page, nullptr);
}

}  // namespace
}  // namespace postern::exposition
