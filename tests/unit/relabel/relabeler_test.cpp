#include "relabel/relabeler.h"

#include <gmock/gmock.h>
#include <openssl/evp.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "base/metric_text.h"
#include "config/selector.h"
#include "exposition/text_line.h"
#include "fakes/stride.h"
#include "relabel/relabel_rule.h"
#include "relabel/rule_set.h"
#include "unit/exposition/pages.h"

namespace postern::relabel {
namespace {

using config::LabelMatcher;
using config::RelabelAction;
using exposition::check;
using exposition::checkCut;
using exposition::Checked;
using exposition::PageOptions;
using exposition::readData;
using Labels = std::map<std::string, std::string>;

std::string md5(std::string_view text) {
  std::string sum(16, '\0');
  EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(sum.data()), nullptr,
             EVP_md5(), nullptr);
  return sum;
}

Digests digests() {
  return {[](std::string_view text) { return "hmac of 9" + std::string(text); }, md5};
}

// The line of text after the rules; or the effect.
std::string relabeled(Relabeler& relabeler, const std::string& line) {
  const std::string page = line.ends_with('\n') ? line : line + "\n";
  PageOptions options;
  options.relabeler = &relabeler;
  const Checked checked = check(page, {.options = options});
  if (!checked.taken) return checked.what;
  if (checked.counts.unmatched > 0) return "unmatched";
  if (checked.counts.relabelled > 0) return "dropped";
  return checked.text.substr(0, checked.text.size() - 1);
}

Relabeler makeRelabeler(const config::Reshape& config) {
  return Relabeler(Rules::compile(config, digests()));
}

std::string relabeled(const config::Reshape& config, const std::string& line) {
  Relabeler relabeler = makeRelabeler(config);
  const std::string first = relabeled(relabeler, line);
  EXPECT_EQ(relabeled(relabeler, line), first) << "the second time";
  return first;
}

RelabelAction actionOf(std::string name) {
  static const std::map<std::string, RelabelAction> all = {
      {"replace", RelabelAction::Replace},     {"keep", RelabelAction::Keep},
      {"drop", RelabelAction::Drop},           {"keepequal", RelabelAction::KeepEqual},
      {"dropequal", RelabelAction::DropEqual}, {"hashmod", RelabelAction::HashMod},
      {"labelmap", RelabelAction::LabelMap},   {"labeldrop", RelabelAction::LabelDrop},
      {"labelkeep", RelabelAction::LabelKeep}, {"lowercase", RelabelAction::Lowercase},
      {"uppercase", RelabelAction::Uppercase}};
  return all.at(name);
}

config::Relabel ruleOf(const nlohmann::json& json) {
  config::Relabel rule;
  rule.action = actionOf(json.value("action", "replace"));
  rule.source_labels = json.value("source_labels", std::vector<std::string>());
  const auto text = [&](const char* key, std::string& field) {
    if (const std::string given = json.value(key, ""); !given.empty()) field = given;
  };
  text("separator", rule.separator);
  text("regex", rule.regex);
  rule.regex = config::inRe2(rule.regex);
  text("replacement", rule.replacement);
  text("target_label", rule.target_label);
  rule.modulus = json.value("modulus", std::uint64_t{0});
  return rule;
}

// Only the rules: some cases have no metric name, so no page could contain them.
TEST(RelabelRuleTest, RelabelsAsPrometheusDoes) {
  const auto cases = nlohmann::json::parse(readData("relabel/relabel_cases.json"));
  for (const auto& scene : cases) {
    SCOPED_TRACE(scene.at("id").get<std::string>());
    LabelSet labels;
    for (const auto& [name, value] : scene.at("input").get<Labels>()) labels.set(name, value);

    bool kept = true;
    for (const auto& rule : scene.at("relabel_configs")) {
      kept = kept && RelabelRule(ruleOf(rule), md5).apply(labels);
    }

    EXPECT_EQ(kept, !scene.at("dropped").get<bool>());
    if (!kept) continue;
    Labels found;
    for (const auto& entry : labels.entries()) found[entry.name] = entry.value;
    auto expected = scene.at("output").get<Labels>();
    std::erase_if(expected, [](const auto& label) { return label.second.empty(); });
    EXPECT_EQ(found, expected);
  }
  EXPECT_EQ(cases.size(), 34U);
}

TEST(RelabelerTest, AddsLabelsAsPrometheusAddsThoseOfATarget) {
  const auto becomes = [](bool honor, const std::string& line, const std::string& expected) {
    const config::Reshape config{.labels = {{"a", "1"}, {"b", "q\"\\\n"}}, .honor_labels = honor};
    EXPECT_EQ(relabeled(config, line), expected);
  };

  becomes(false, "m 1", R"(m{a="1",b="q\"\\\n"} 1)");
  becomes(false, "m{} 1", R"(m{a="1",b="q\"\\\n"} 1)");
  becomes(false, R"(m{ c="d", } 1)", R"(m{a="1",b="q\"\\\n", c="d", } 1)");
  becomes(false, R"({"m.n",c="d"} 1)", R"({"m.n",c="d",a="1",b="q\"\\\n"} 1)");
  becomes(false, R"(m{a="2",c="d"} 1)", R"(m{a="1",c="d",b="q\"\\\n",exported_a="2"} 1)");
  becomes(false, R"(m{a="2",exported_a="3"} 1)",
          R"(m{a="1",exported_a="3",b="q\"\\\n",exported_exported_a="2"} 1)");
  becomes(true, R"(m{a="2",c="d"} 1)", R"(m{a="2",c="d",b="q\"\\\n"} 1)");
  becomes(true, R"(m{a="",c="d"} 1)", R"(m{a="1",c="d",b="q\"\\\n"} 1)");
}

TEST(RelabelerTest, KeepsWhatASelectorTakes) {
  const auto taken = [](const std::vector<LabelMatcher>& matchers, const std::string& line) {
    return relabeled({.match = {{"", matchers}}}, line) != "unmatched";
  };

  using enum LabelMatcher::Operator;
  EXPECT_TRUE(taken({{"__name__", Equal, "m"}}, "m 1"));
  EXPECT_FALSE(taken({{"__name__", Equal, "m"}}, "n 1"));
  EXPECT_TRUE(taken({{"a", NotEqual, "b"}}, "m 1"));
  EXPECT_FALSE(taken({{"a", NotEqual, "b"}}, "m{a=\"b\"} 1"));
  EXPECT_TRUE(taken({{"a", Matches, "b.*"}}, "m{a=\"bc\\nd\"} 1"));
  EXPECT_FALSE(taken({{"a", Matches, "b"}}, "m{a=\"bc\"} 1"));
  EXPECT_FALSE(taken({{"a", NotMatches, "b|c"}}, "m{a=\"c\"} 1"));
  EXPECT_FALSE(taken({{"__name__", Equal, "m"}, {"a", Equal, "b"}}, "m{a=\"c\"} 1"));
}

TEST(RelabelerTest, RenamesMetricsWithTheirFamily) {
  config::Reshape config;
  config.rename = {
      {"a", "b"}, {"h_sum", "x_sum"}, {"h_count", "x_count"}, {"h_bucket", "x_bucket"}};
  Relabeler relabeler = makeRelabeler(config);
  PageOptions options;
  options.relabeler = &relabeler;
  const Checked checked = checkCut(
      "# a comment\n# HELP a h\n# TYPE a gauge\na 1\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\n"
      "h_sum 1\nh_count 1\n# TYPE c counter\nc 1\n",
      {.options = options});
  EXPECT_EQ(checked.text,
            "# HELP b h\n# TYPE b gauge\nb 1\n# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\n"
            "x_sum 1\nx_count 1\n# TYPE c counter\nc 1\n");
}

TEST(RelabelerTest, TakesHelpAndTypeOfAFamilyAwayWithItsSamples) {
  config::Reshape config;
  config.metric_relabel_configs = {
      {.action = RelabelAction::Drop, .source_labels = {"__name__"}, .regex = "a"}};
  Relabeler relabeler = makeRelabeler(config);
  PageOptions options;
  options.relabeler = &relabeler;
  const Checked checked = checkCut(
      "# HELP a h\n# TYPE a gauge\na 1\na{b=\"c\"} 1\n# TYPE b gauge\nb 1\n", {.options = options});
  EXPECT_EQ(checked.text, "# TYPE b gauge\nb 1\n");
  EXPECT_EQ(checked.counts.relabelled, 2U);
}

TEST(RelabelerTest, RefusesAPageWhoseSamplesLoseTheirName) {
  config::Reshape config;
  config.metric_relabel_configs = {{.action = RelabelAction::LabelDrop, .regex = "__name__"}};
  EXPECT_THAT(relabeled(config, "m{a=\"b\"} 1"),
              ::testing::HasSubstr("line 1, column 1: expected a sample that has a metric name"));
}

TEST(RelabelerTest, MakesPseudonymsOfValues) {
  config::Reshape config;
  config.anonymize.labels = {"user"};
  // "hmac of 9..." in base64url
  EXPECT_EQ(relabeled(config, R"(m{user="x",a="b"} 1)"), R"(m{user="aG1hYyBvZiA5",a="b"} 1)");
  EXPECT_EQ(relabeled(config, R"(m{user="",a="b"} 1)"), R"(m{user="",a="b"} 1)");
  EXPECT_EQ(relabeled(config, "m 1"), "m 1");
}

TEST(RelabelerTest, LeavesAloneWhatNoRuleChanges) {
  config::Reshape config;
  config.metric_relabel_configs = {
      {.action = RelabelAction::Keep, .source_labels = {"a"}, .regex = ".*"}};
  // Blanks, order and escapes unchanged
  for (const std::string line : {R"(m{ b="\d\\" , a="" } 1 5)", "m  1", R"({"m.n","c.d"="e"} 1)"}) {
    EXPECT_EQ(relabeled(config, line), line);
  }
}

TEST(RelabelerTest, KnowsNothingOfTheLastPageButWhatRulesDid) {
  config::Reshape config;
  config.metric_relabel_configs = {
      {.source_labels = {"a"}, .target_label = "b", .replacement = "x"}};
  Relabeler relabeler = makeRelabeler(config);
  EXPECT_EQ(relabeled(relabeler, "m{a=\"1\"} 1"), "m{a=\"1\",b=\"x\"} 1");
  EXPECT_EQ(relabeled(relabeler, "m 1"), "m{b=\"x\"} 1");
}

Labels labelsOf(const Relabeler& relabeler) {
  Labels labels{{"__name__", unescapeName(relabeler.name())}};
  for (const Label& label : relabeler.labels()) {
    labels[unescapeName(label.name)] = unescapeName(label.value);
  }
  return labels;
}

std::string textOf(std::span<const Label> labels) {
  std::string text;
  for (const Label& label : labels) {
    const std::string quote = label.quoted ? "\"" : "";
    text.append(text.empty() ? "{" : ",").append(quote).append(label.name).append(quote);
    text.append("=\"").append(label.value).append("\"");
  }
  return text + "}";
}

// Compiled and cached decisions must always equal those of the rules.
TEST(RelabelerTest, RemembersWhatTheRulesWouldDo) {
  std::mt19937 draw(7);
  const auto pick = [&](std::initializer_list<const char*> all) {
    return std::string(*(all.begin() + static_cast<std::ptrdiff_t>(draw() % all.size())));
  };
  const auto label = [&] { return pick({"a", "b", "c", "d", "__name__"}); };
  const auto value = [&] { return pick({"", "x", "y", "xy", "xy", "1", "1", "x", "X\\\\n"}); };
  for (std::size_t round = 0; round < 1000; round += testing::stride()) {
    config::Reshape config;
    if (draw() % 3 == 0) config.labels = {{"a", "added"}};
    config.honor_labels = draw() % 2 == 0;
    for (std::size_t i = 0; i < 1 + draw() % 4; ++i) {
      config::Relabel rule;
      rule.action = static_cast<RelabelAction>(draw() % 11);
      for (auto sources = draw() % 4; sources > 0; --sources) rule.source_labels.push_back(label());
      rule.regex = pick({"(.*)", "(x)(.*)", "a|b", "__name__", "[a-c]", "(.+);(.*)", "m"});
      rule.replacement = pick({"$1", "${2}z", "new", "$$", "b"});
      rule.target_label = pick({"a", "b", "e", "e", "__name__", "t_${1}"});
      rule.modulus = 3;
      config.metric_relabel_configs.push_back(rule);
    }
    if (draw() % 4 == 0) config.anonymize.labels = {label() == "a" ? "a" : "b"};
    const auto rules = Rules::compile(config, digests());
    Relabeler warm(rules);
    warm.startPage();
    exposition::TextLineParser parser;
    for (int line = 0; line < 40; ++line) {
      std::string text = pick({"m", "n"}) + "{";
      for (const char* name : {"a", "b", "c"}) {
        if (draw() % 3 != 0) text += std::string(name) + "=\"" + value() + "\",";
      }
      text += "} 1";
      text += '\n';
      ASSERT_EQ(parser.next(text.data(), text.data() + text.size(), true),
                exposition::LineResult::Whole);
      LabelSet set;
      set.reset(parser.line());
      const auto before = set.entries();
      const auto expected = rules->ruleSet().apply(set);
      Labels left;
      for (const auto& entry : set.entries()) left[entry.name] = entry.value;
      Labels given;
      for (const auto& entry : before) given[entry.name] = entry.value;

      const auto effect = warm.apply(parser.line());

      SCOPED_TRACE(text);
      if (effect == Relabeler::Effect::Unchanged) {
        ASSERT_EQ(expected, Relabeler::Effect::Rewritten);
        ASSERT_EQ(left, given);
        continue;
      }
      if (effect == Relabeler::Effect::Inserted) continue;
      ASSERT_EQ(effect, expected);
      if (effect == Relabeler::Effect::Rewritten) {
        ASSERT_EQ(labelsOf(warm), left);
        if (!warm.labelsText().empty()) {
          ASSERT_EQ(warm.labelsText(), textOf(warm.labels()));
        }
      }
    }
  }
}

TEST(RelabelerTest, MapsLettersAsUnicodeDoes) {
  config::Reshape config;
  config.metric_relabel_configs = {
      {.action = RelabelAction::Uppercase, .source_labels = {"a"}, .target_label = "up"},
      {.action = RelabelAction::Lowercase, .source_labels = {"a"}, .target_label = "low"}};
  EXPECT_EQ(relabeled(config, "m{a=\"aZ1 äÖ Ωя\"} 1"),
            "m{a=\"aZ1 äÖ Ωя\",up=\"AZ1 ÄÖ ΩЯ\",low=\"az1 äö ωя\"} 1");
}

}  // namespace
}  // namespace postern::relabel
