#include "exposition/page_template.h"

#include <gmock/gmock.h>

#include <random>

#include "config/selector.h"
#include "exposition/page_pipeline.h"
#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

Result<std::string> noJsonHere(const JsonFormat&, std::string_view) {
  return std::string();
}

// Lines of plausible and of odd pages. The same for the same seed.
class RandomPage {
 public:
  RandomPage(unsigned seed, Syntax syntax) : draw_(seed), syntax_(syntax) {
    for (int family = 0; family < 6; ++family) addFamily("family_" + std::to_string(family));
    if (below(3) == 0) addLateHead();
  }

  std::string text() const {
    std::string text;
    for (const std::string& line : lines_) text += line;
    if (syntax_ == Syntax::OpenMetrics && ended_) text += "# EOF\n";
    return text;
  }

  // Other values, as in most scrapes.
  void changeValues() {
    for (std::string& line : lines_) {
      if (line.size() < 3 || line[0] == '#' || below(3) == 0) continue;
      const std::size_t blank = line.rfind(' ', line.size() - 2);
      if (blank != std::string::npos) line.replace(blank + 1, std::string::npos, value() + "\n");
    }
  }
  // One or two small changes of another kind.
  void change() {
    for (std::size_t i = below(2) + 1; i > 0 && !lines_.empty(); --i)
      changeOne(below(lines_.size()));
  }
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(draw_);
  }

 private:
  std::string value() {
    static constexpr std::string_view kValues[] = {
        "0", "1", "17", "3.25", "-4", "1.5e+07", "NaN", "+Inf", "-Inf", "123456789012", "0.1"};
    return std::string(kValues[below(std::size(kValues))]);
  }
  std::string label() {
    static constexpr std::string_view kLabels[] = {"a", "node", "uid", "path", "code", "le"};
    static constexpr std::string_view kTexts[] = {"", "1", "x,y", "{z}", "a\\nb", "node-17", "42"};
    return std::string(kLabels[below(std::size(kLabels))]) + "=\"" +
           std::string(kTexts[below(std::size(kTexts))]) + std::to_string(below(9)) + '"';
  }
  std::string sample(const std::string& name) {
    std::string line = name;
    if (below(5) > 0) {
      line += "{" + label();
      if (below(2) == 0) line += ",n=\"" + std::to_string(below(90)) + '"';
      line += "}";
    }
    return line + " " + value() + "\n";
  }
  void addFamily(const std::string& name) {
    const bool counter = below(2) == 0;
    const std::string suffix = counter ? "_total" : "";
    const bool text = syntax_ == Syntax::Text;
    const std::string of = "# TYPE " + name + (text ? suffix : "");
    if (below(3) > 0) lines_.push_back("# HELP " + name + (text ? suffix : "") + " Counts.\n");
    if (below(4) > 0) lines_.push_back(of + (counter ? " counter\n" : " gauge\n"));
    for (std::size_t left = below(12); left > 0; --left) lines_.push_back(sample(name + suffix));
  }
  // A HELP or TYPE of a family, again or for the first time, at the end of the page.
  void addLateHead() {
    const std::string& line = lines_[below(lines_.size())];
    const bool head = line.starts_with("# ");
    lines_.push_back(head ? std::string(line) : "# HELP family_0 Late.\n");
  }
  void changeOne(std::size_t at) {
    std::string& line = lines_[at];
    const auto place = lines_.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(14)) {
      case 0: lines_.insert(place, sample("more")); return;
      case 1: lines_.insert(place, std::string(lines_[below(lines_.size())])); return;
      case 2: lines_.erase(place); return;
      case 3: std::swap(line, lines_[below(lines_.size())]); return;
      case 4: lines_.insert(place, "# HELP more Text.\n"); return;
      case 5: lines_.insert(place, syntax_ == Syntax::Text ? "# a comment\n" : "a 1\n"); return;
      case 6: line = sample("family_1_total"); return;
      case 7: line.insert(line.size() - 1, " 1600000000"); return;
      case 8: line.insert(below(line.size()), "x"); return;
      case 9: line.insert(line.size() - 1, below(2) == 0 ? "\r" : " "); return;
      case 10: line.erase(below(line.size()), 1); return;
      case 11: lines_.resize(at); return;
      case 12: ended_ = below(4) > 0; return;
      default: line = "q{a=\"x\n# y 5\nz\"} " + value() + "\n";
    }
  }

  std::mt19937 draw_;
  const Syntax syntax_;
  std::vector<std::string> lines_;
  bool ended_ = true;
};

// The result of a page that is fed in pieces of `piece` bytes; its output is consumed at once.
Checked readPage(const std::string& page, const How& how, PageTemplateStore* store,
                 std::size_t piece) {
  const Format format = how.syntax == Syntax::Text ? Format::Text : Format::OpenMetrics;
  PagePipeline pipeline(format, how.options, how.output, noJsonHere, store);
  Checked checked;
  Result<void> result;
  for (std::size_t at = 0; result && at < page.size(); at += piece) {
    result = pipeline.feed(std::string(page.substr(at, piece)));
    checked.text += std::exchange(pipeline.out(), {});
  }
  if (result) result = pipeline.finish();
  checked.text += pipeline.out();
  checked.taken = static_cast<bool>(result);
  checked.counts = pipeline.counts();
  if (!result) {
    checked.text.clear();  // nobody reads the last output
    checked.fault = result.error().fault;
    checked.what = result.error().what;
  }
  return checked;
}

// A page and its successors are the same with and without a template.
void expectNoDifference(unsigned seed, How how, std::size_t block_bytes) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", blocks of " + std::to_string(block_bytes));
  RandomPage page(seed, how.syntax);
  PageTemplateStore store(block_bytes);
  std::string before;
  for (int scrape = 0; scrape < 8; ++scrape) {
    const std::string text = page.text();
    const std::size_t piece = page.below(3) == 0 ? text.size() + 1 : page.below(200) + 1;
    const Checked with = readPage(text, how, &store, piece);
    const Checked without = readPage(text, how, nullptr, text.size() + 1);
    ASSERT_EQ(with.what, without.what) << "before:\n" << before << "now:\n" << text;
    ASSERT_EQ(with.text, without.text) << "before:\n" << before << "now:\n" << text;
    ASSERT_TRUE(with == without) << "before:\n" << before << "now:\n" << text;
    before = text;
    page.changeValues();
    if (page.below(3) > 0) page.change();
  }
}

void expectNoDifferences(const How& how, relabel::Relabeler* relabeler = nullptr) {
  const std::size_t pages = 40 / testing::stride() + 10;
  How with = how;
  with.options.relabeler = relabeler;
  for (unsigned seed = 0; seed < pages && !::testing::Test::HasFailure(); ++seed) {
    expectNoDifference(seed, with, std::size_t{1} << (seed % 11));
  }
}

std::unique_ptr<relabel::Relabeler> relabelerOf(const config::Reshape& reshape) {
  const auto digest = [](std::string_view text) { return std::string(text); };
  return std::make_unique<relabel::Relabeler>(relabel::Rules::compile(reshape, {digest, digest}));
}

config::Reshape manyRules() {
  using enum config::RelabelAction;
  config::Reshape reshape;
  reshape.labels = {{"cluster", "eu-1"}};
  reshape.metric_relabel_configs = {
      {.action = Drop, .source_labels = {"__name__"}, .regex = "family_2.*"},
      {.action = LabelDrop, .regex = "uid"},
      {.action = LabelMap, .regex = "(node)", .replacement = "host_$1"},
      {.source_labels = {"path"}, .regex = "(.*)1", .target_label = "__name__"},
      {.source_labels = {"code"}, .regex = "4(.*)", .target_label = "team"}};
  reshape.rename = {{"family_1_total", "renamed_total"}, {"family_3", "family_4"}};
  return reshape;
}

TEST(PageTemplateTest, ChangesNothingOfWhatBecomesOfAPage) {
  for (const Syntax from : {Syntax::Text, Syntax::OpenMetrics}) {
    for (const Output& to : {kText1, kOpenMetrics1}) expectNoDifferences({from, {}, to});
  }
}

TEST(PageTemplateTest, ChangesNothingWhereLabelsAreAdded) {
  const auto relabeler = relabelerOf({.labels = {{"cluster", "eu-1"}, {"region", "north"}}});
  expectNoDifferences({}, relabeler.get());
  expectNoDifferences({Syntax::OpenMetrics, {}, kText1}, relabeler.get());
}

TEST(PageTemplateTest, ChangesNothingOfWhatRulesMakeOfAPage) {
  const auto relabeler = relabelerOf(manyRules());
  for (const Output& to : {kText1, kOpenMetrics1}) {
    expectNoDifferences({Syntax::Text, {}, to}, relabeler.get());
  }
  expectNoDifferences({Syntax::OpenMetrics, {}, kOpenMetrics1}, relabeler.get());
}

TEST(PageTemplateTest, ChangesNothingOfWhatLimitsRefuse) {
  How how;
  how.options.limits.samples = 20;
  expectNoDifferences(how);
  how.options.limits = {};
  how.options.limits.line = 60;
  expectNoDifferences(how);
  how.options.limits = {};
  how.options.limits.label_value_length = 4;
  how.options.honor_timestamps = false;
  expectNoDifferences(how);
}

}  // namespace
}  // namespace postern::exposition
