#include "exposition/page_checker.h"

#include <gmock/gmock.h>

#include <vector>

#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

using ::testing::HasSubstr;

How with(const config::Limits& limits) {
  return {.options = {.limits = limits}};
}

TEST(PageCheckerTest, RefusesALabelThatAppearsTwice) {
  const auto refuses = [](std::string_view page, std::string_view where) {
    SCOPED_TRACE(page);
    const Checked checked = checkCut(page);
    EXPECT_EQ(checked.fault, Fault::Format);
    EXPECT_THAT(checked.what, HasSubstr(where));
  };

  refuses("a{b=\"1\",b=\"1\"} 1\n", "line 1, column 9: expected a unique label, found \"b=");
  refuses("a{b=\"1\",c=\"1\"} 1\na{b=\"1\",c=\"1\",b=\"2\"} 1\n", "line 2, column 15");
}

// On pages of both formats: the lines have no blanks or comments, which only text allows.
TEST(PageCheckerTest, RefusesNamesThatAreEmptyOrGivenTwice) {
  const std::string empty = "expected a name that is not empty, found \"\"\"";
  const std::string own = "expected a label other than __name__, which is the metric's own name";
  const std::string twice = "expected a unique label";
  struct Scene {
    std::string line;
    std::string complaint;  // empty: the page is taken
  };
  for (const auto& [line, complaint] : std::vector<Scene>{
           {R"({"",x="1"} 1)", "column 2: " + empty},
           {R"({""} 1)", "column 2: " + empty},
           {R"({x="1",""} 1)", "column 8: " + empty},
           {R"({"a",""="1"} 1)", "column 6: " + empty},
           {R"(a{""="1"} 1)", "column 3: " + empty},
           {R"(a{""=""} 1)", "column 3: " + empty},
           {R"(a{b="1",""="1"} 1)", "column 9: " + empty},
           {R"(# TYPE "" gauge)", "column 8: " + empty},
           {R"(# HELP "" h)", "column 8: " + empty},
           {R"(a{__name__="b"} 1)", "column 3: " + own},
           {R"(a{__name__="a"} 1)", "column 3: " + own},
           {R"(a{__name__=""} 1)", "column 3: " + own},
           {R"(a{c="d",__name__="b"} 1)", "column 9: " + own},
           {R"(a{"__name__"="b"} 1)", "column 4: " + own},
           {R"({"a",__name__="b"} 1)", "column 6: " + own},
           {R"({__name__="b","a"} 1)", "column 2: " + own},
           {R"({__name__="b"} 1)", "expected a metric name before or in the braces"},
           {R"(a{b="1",b="2"} 1)", "column 9: " + twice},
           {R"(a{b="1",b=""} 1)", "column 9: " + twice},
           {R"(a{b="1","b"="2"} 1)", "column 10: " + twice},
           {R"({"a",b="1",b="1"} 1)", "column 12: " + twice},
           // A backslash that begins no escape is a literal backslash.
           {R"(a{"b\\c"="1","b\c"="2"} 1)", "column 15: " + twice},
           {R"(a{"b\"c"="1","b\"c"="2"} 1)", "column 15: " + twice},
           {R"(a{"b\n"="1","bn"="2","b\\n"="3"} 1)", ""},
           {R"(a{b="1",B="2",_b="3"} 1)", ""},
           {R"(a{_name_="b",__name="c"} 1)", ""},
           {R"(a{x="",b="\\"} 1)", ""},
       }) {
    SCOPED_TRACE(line);
    const std::string page = line + "\n" + (complaint.empty() ? "" : "ok 1\n");
    for (const Syntax syntax : {Syntax::Text, Syntax::OpenMetrics}) {
      How how{.syntax = syntax};
      how.output.syntax = syntax;
      const Checked checked = checkCut(syntax == Syntax::Text ? page : page + "# EOF\n", how);
      EXPECT_EQ(checked.taken, complaint.empty()) << checked.what;
      if (checked.taken) continue;
      EXPECT_EQ(checked.fault, Fault::Format);
      EXPECT_THAT(checked.what, HasSubstr("line 1, "));
      EXPECT_THAT(checked.what, HasSubstr(complaint));
    }
  }
}

TEST(PageCheckerTest, KeepsASeriesThatStandsTwiceAndCountsIt) {
  const auto duplicates = [](std::string_view page) {
    SCOPED_TRACE(page);
    const Checked checked = checkCut(page);
    EXPECT_EQ(checked.text, page);
    return checked.counts.duplicates;
  };

  EXPECT_EQ(duplicates("a 1\na 2\nb 1\na 3\n"), 2U);
  EXPECT_EQ(duplicates("a{b=\"c\"} 1\na{b=\"d\"} 1\na{b=\"c\"} 1\n"), 1U);
  // The order of labels does not matter, and an empty label is equal to a missing one
  EXPECT_EQ(duplicates("a{b=\"c\",d=\"e\"} 1\na{d=\"e\",b=\"c\"} 1\na{d=\"e\",x=\"\",b=\"c\"} 1\n"),
            2U);
  EXPECT_EQ(duplicates("a{b=\"c\"} 1\na{c=\"b\"} 1\n"), 0U);
  // Another timestamp makes another sample
  EXPECT_EQ(duplicates("a 1 1\na 1 2\na 1 1\n"), 1U);
}

struct RulesCase {
  std::string_view what;
  config::Reshape rules;
  std::string_view page;
  std::size_t came = 0;  // duplicates that the service sent
  std::size_t made = 0;  // duplicates that rules made
};

std::vector<RulesCase> rulesCases() {
  using enum config::RelabelAction;
  const config::Reshape labeldrop{
      .metric_relabel_configs = {{.action = LabelDrop, .regex = "id|uid"}}};
  const config::Reshape labelkeep{
      .metric_relabel_configs = {{.action = LabelKeep, .regex = "__name__|x"}}};
  const config::Reshape labelmap{
      .metric_relabel_configs = {{.action = LabelMap, .regex = "(id)_old", .replacement = "$1"},
                                 {.action = LabelDrop, .regex = "id_old"}}};
  const config::Reshape replace{.metric_relabel_configs = {{.source_labels = {"path"},
                                                            .regex = "/user/.*",
                                                            .target_label = "path",
                                                            .replacement = "/user/ID"}}};
  const config::Reshape replace_name{
      .metric_relabel_configs = {
          {.source_labels = {"__name__"}, .regex = "(.*)_v[0-9]", .target_label = "__name__"}}};
  const config::Reshape lowercase{
      .metric_relabel_configs = {
          {.action = Lowercase, .source_labels = {"x"}, .target_label = "x"}}};
  const config::Reshape hashmod{
      .metric_relabel_configs = {
          {.action = HashMod, .source_labels = {"id"}, .modulus = 1, .target_label = "id"}}};
  const config::Reshape rename{.rename = {{"b", "a"}}};
  const config::Reshape labels{.labels = {{"x", "1"}, {"y", "2"}}};
  const config::Reshape honored{.labels = {{"x", "1"}}, .honor_labels = true};
  const config::Reshape both{.labels = {{"x", "1"}},
                             .metric_relabel_configs = {{.action = LabelDrop, .regex = "id"}}};
  const config::Reshape drops{
      .metric_relabel_configs = {{.action = Drop, .source_labels = {"x"}, .regex = "1"}}};
  return {
      {"no rule", {}, "a 1\na 2\n", 1, 0},
      {"labeldrop", labeldrop, "a{id=\"1\"} 1\na{id=\"2\"} 1\na{id=\"3\",x=\"1\"} 1\n", 0, 1},
      {"labeldrop of one that the page has", labeldrop, "a{id=\"1\"} 1\na 1\n", 0, 1},
      {"the same, the other way round", labeldrop, "a 1\na{id=\"1\"} 1\n", 0, 1},
      {"of three one is the service's own", labeldrop,
       "a{id=\"1\"} 1\na{id=\"2\"} 1\na{id=\"2\"} 1\n", 1, 1},
      {"all are the service's own", labeldrop, "a{id=\"1\"} 1\na{id=\"1\"} 1\n", 1, 0},
      {"the service's own among those that no rule changes", labeldrop,
       "b 1\nb 1\na{id=\"1\"} 1\na{id=\"2\"} 1\nb 1\n", 2, 1},
      {"equal but for order and empty labels", labeldrop,
       "a{id=\"1\",x=\"1\"} 1\na{x=\"1\",e=\"\",id=\"1\"} 1\n", 1, 0},
      {"apart in time", labeldrop, "a{id=\"1\"} 1 1000\na{id=\"2\"} 1 2000\n", 0, 0},
      {"at one time", labeldrop, "a{id=\"1\"} 1 1000\na{id=\"2\"} 1 1000\n", 0, 1},
      {"labelkeep", labelkeep, "a{id=\"1\",x=\"1\"} 1\na{id=\"2\",x=\"1\"} 1\n", 0, 1},
      {"labelmap", labelmap, "a{id_old=\"1\"} 1\na{id=\"1\"} 1\n", 0, 1},
      {"replace", replace, "a{path=\"/user/1\"} 1\na{path=\"/user/2\"} 1\na{path=\"/\"} 1\n", 0, 1},
      {"replace of the name", replace_name, "a_v1 1\na_v2 1\nb 1\n", 0, 1},
      {"lowercase", lowercase, "a{x=\"B\"} 1\na{x=\"b\"} 1\n", 0, 1},
      {"hashmod", hashmod, "a{id=\"1\"} 1\na{id=\"2\"} 1\n", 0, 1},
      {"rename", rename, "a 1\nb 1\n", 0, 1},
      {"rename, histograms as well",
       {.rename = {{"h_bucket", "g_bucket"}}},
       "h_bucket{le=\"1\"} 1\ng_bucket{le=\"1\"} 1\n",
       0,
       1},
      {"only labels", labels, "a 1\na{b=\"1\"} 1\na 1\n", 1, 0},
      {"labels, and a name that they make", labels, "a{exported_x=\"5\"} 1\na{x=\"5\"} 1\n", 0, 1},
      {"honored labels", honored, "a 1\na{x=\"1\"} 1\na{x=\"2\"} 1\n", 0, 1},
      {"honored labels, the other way round", honored, "a{x=\"1\"} 1\na 1\n", 0, 1},
      {"honored labels that are empty", honored, "a{x=\"\"} 1\na 1\n", 1, 0},
      {"labels and labeldrop", both, "a{id=\"1\"} 1\na{id=\"2\"} 1\na{id=\"1\"} 1\n", 1, 1},
      {"dropped, so not a duplicate", drops, "a{x=\"1\"} 1\na{x=\"1\"} 1\na 1\na 1\n", 1, 0},
      {"names in quotes", labeldrop, "{\"a b\",id=\"1\"} 1\n{\"a b\",id=\"2\"} 1\n", 0, 1},
  };
}

relabel::Digests noDigests() {
  return {[](std::string_view text) { return std::string(text); },
          [](std::string_view) { return std::string(16, '1'); }};
}

TEST(PageCheckerTest, CountsDuplicatesThatRulesMadeApartFromThoseThatCame) {
  for (const auto& [what, rules, page, came, made] : rulesCases()) {
    SCOPED_TRACE(what);
    relabel::Relabeler relabeler(relabel::Rules::compile(rules, noDigests()));
    for (const auto& output : {kText1, kOpenMetrics1}) {
      const Checked checked =
          checkCut(page, {.options = {.relabeler = &relabeler}, .output = output});
      EXPECT_TRUE(checked.taken) << checked.what;
      EXPECT_EQ(checked.counts.duplicates, came);
      EXPECT_EQ(checked.counts.relabel_duplicates, made);
    }
    const Checked strict = check(page, {.options = {.strict = true, .relabeler = &relabeler}});
    const bool may_be_cut = page.find(" 1000") != page.npos;
    EXPECT_EQ(strict.taken, came + made == 0 || may_be_cut) << strict.what;
    if (made > 0 && came == 0 && !may_be_cut) {
      EXPECT_THAT(strict.what, HasSubstr("expected a unique series on the page after labels, "
                                         "metric_relabel_configs and rename, found"));
    }
  }
}

TEST(PageCheckerTest, CountsApartOnAPageThatFillsTheCache) {
  const config::Reshape rules{
      .metric_relabel_configs = {{.action = config::RelabelAction::LabelDrop, .regex = "id"}}};
  relabel::Relabeler relabeler(relabel::Rules::compile(rules, noDigests()));
  std::string page;
  for (int i = 0; i < 40'000; ++i) page += "b{x=\"" + std::to_string(i) + "\"} 1\n";
  for (int i = 0; i < 300; ++i) page += "a{id=\"" + std::to_string(i % 200) + "\"} 1\n";
  page += "b{x=\"7\"} 1\n";

  const Checked checked = check(page, {.options = {.relabeler = &relabeler}});
  EXPECT_EQ(checked.counts.relabel_duplicates, 199U);
  EXPECT_EQ(checked.counts.duplicates, 101U);
  EXPECT_FALSE(checked.counts.checks_skipped);
}

TEST(PageCheckerTest, RefusesASeriesThatStandsTwiceWhenStrict) {
  const Checked checked = check("a{b=\"c\"} 1\nd 1\na{b=\"c\"} 2\n", {.options = {.strict = true}});
  EXPECT_EQ(checked.fault, Fault::Format);
  EXPECT_THAT(checked.what, HasSubstr("line 3"));
}

TEST(PageCheckerTest, GivesUpTheSearchOnAPageThatIsTooLarge) {
  std::string page;
  for (int i = 0; i < 130'000; ++i) page += "a{b=\"" + std::to_string(i) + "\"} 1\n";

  const Checked checked = check(page);
  EXPECT_TRUE(checked.taken);
  EXPECT_TRUE(checked.counts.checks_skipped);
  EXPECT_EQ(checked.counts.duplicates, 0U);
  const Checked strict = check(page, {.options = {.strict = true}});
  EXPECT_EQ(strict.fault, Fault::Limit);
}

TEST(PageCheckerTest, DropsTheExcessOfAFamilyAndCountsIt) {
  const Checked checked = checkCut(
      "# TYPE a gauge\na{b=\"1\"} 1\na{b=\"2\"} 1\na{b=\"3\"} 1\n"
      "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\na{b=\"4\"} 1\nc 1\n",
      with({.family_series = 2}));

  EXPECT_EQ(checked.text,
            "# TYPE a gauge\na{b=\"1\"} 1\na{b=\"2\"} 1\n"
            "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nc 1\n");
  EXPECT_EQ(checked.counts.excess, 3U);
  EXPECT_EQ(checked.counts.kept, 5U);
  EXPECT_EQ(checked.counts.read, 8U);
}

std::string labelsUpTo(int count, const std::string& more) {
  std::string line = "a{" + more;
  for (int i = 0; i < count; ++i) line += "l" + std::to_string(i) + "=\"1\",";
  return line + "} 1\n";
}

TEST(PageCheckerTest, FindsARepeatedLabelAmongMany) {
  EXPECT_TRUE(check(labelsUpTo(1000, "")).taken);
  EXPECT_THAT(check(labelsUpTo(999, "\"l997\"=\"2\",")).what,
              HasSubstr("expected a unique label, found \"l997="));
  EXPECT_THAT(check(labelsUpTo(999, "l997=\"2\",")).what,
              HasSubstr("expected a unique label, found \"l997="));
}

TEST(PageCheckerTest, RefusesASampleOfTooManyLabels) {
  for (const int labels : {1001, 50'000}) {
    EXPECT_EQ(
        check(labelsUpTo(labels, "")).what,
        "a sample of metric a has " + std::to_string(labels) + " labels, at most 1000 are read");
  }
}

}  // namespace
}  // namespace postern::exposition
