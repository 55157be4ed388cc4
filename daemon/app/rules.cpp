#include "app/rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/printable.h"
#include "exposition/openmetrics_line.h"
#include "exposition/page_input.h"
#include "exposition/page_writer.h"
#include "exposition/sample_text.h"
#include "presets/registry.h"
#include "scrape/relabeler_pool.h"

namespace postern::app {
namespace {

using exposition::Output;
using exposition::Sample;
using exposition::Syntax;

constexpr Output kBetween{Syntax::OpenMetrics, /*version_1=*/true, exposition::Escaping::AllowUtf8};
constexpr std::size_t kMostPageBytes = 1U << 30;
constexpr std::size_t kShown = 10;  // names in a list

// One rule and its title.
struct TitledRule {
  std::string title;
  config::Reshape rule;
};

std::string titleOf(std::size_t number, const config::Relabel& rule) {
  std::string title =
      fmt::format("metric_relabel_configs[{}]: {}", number, config::actionName(rule.action));
  if (!rule.source_labels.empty()) {
    title += " [";
    for (const auto& label : rule.source_labels) {
      if (title.back() != '[') title += ", ";
      title += label;
    }
    title += "]";
  }
  title += " regex " + rule.regex;
  if (!rule.target_label.empty()) title += " -> " + rule.target_label;
  return title;
}

// The single rules of a target, in the order of their application.
std::vector<TitledRule> titledRules(const config::Reshape& all) {
  std::vector<TitledRule> rules;
  if (!all.match.empty()) rules.push_back({"match", {.match = all.match}});
  if (!all.labels.empty()) {
    rules.push_back({"labels", {.labels = all.labels, .honor_labels = all.honor_labels}});
  }
  for (std::size_t i = 0; i < all.metric_relabel_configs.size(); ++i) {
    const auto& relabel = all.metric_relabel_configs[i];
    rules.push_back({titleOf(i, relabel), {.metric_relabel_configs = {relabel}}});
  }
  if (!all.rename.empty()) rules.push_back({"rename", {.rename = all.rename}});
  if (!all.anonymize.labels.empty()) rules.push_back({"anonymize", {.anonymize = all.anonymize}});
  return rules;
}

using Names = std::map<std::string, std::size_t>;  // number of samples of each

// Equal for duplicates, of which Prometheus keeps one: same name, labels in any order, and time.
std::uint64_t hashSeries(const Sample& sample) {
  constexpr std::uint64_t kTimestamp = 2;  // a seed
  std::uint64_t hash = hashText(sample.name, 0);
  for (const exposition::Label& label : sample.labels) {
    if (label.value.empty()) continue;
    hash += hashText(label.value, hashLabelName(label.name));
  }
  if (sample.keeps_timestamp && !sample.line.timestamp.empty())
    hash += hashText(sample.line.timestamp, kTimestamp);
  return hash;
}

// Samples that a rule merged into one series, by their number on the page before the rule.
struct Merged {
  std::size_t first;
  std::size_t second;
};

// Applies one rule to a page, and keeps the result as OpenMetrics.
class RulePreview : public exposition::Sink {
 public:
  explicit RulePreview(relabel::Relabeler* relabeler) : relabeler_(relabeler) {}

  bool copies(Syntax) const override { return false; }
  void line(const exposition::Line&) override {}
  void family(const exposition::FamilyHead&) override {}
  void settle() override {}
  std::string_view sample(const Sample& sample, Syntax syntax) override;

  std::string page;
  std::size_t kept = 0;
  std::size_t changed = 0;
  Names dropped;
  Names renamed;               // "from -> to"
  std::string refused;         // the first sample that became invalid
  std::size_t duplicates = 0;  // duplicates of the page itself
  std::size_t made = 0;        // duplicates made by the rule
  std::vector<Merged> merged;  // at most kShown

 private:
  void findDuplicate(const Sample& in, const Sample& out);

  relabel::Relabeler* const relabeler_;  // null: no rule
  std::size_t number_ = 0;               // of the sample
  std::unordered_set<std::uint64_t> came_;
  std::unordered_map<std::uint64_t, std::size_t> series_;  // and the number of its first sample
};

void RulePreview::findDuplicate(const Sample& in, const Sample& out) {
  const std::uint64_t came = hashSeries(in);
  std::uint64_t hash = hashSeries(out);
  if (!out.inserted.empty()) hash += relabeler_->insertedHash();
  const bool fresh_on_page = came_.insert(came).second;
  const auto [known, fresh] = series_.emplace(hash, number_);
  if (fresh) return;
  if (!fresh_on_page) {
    ++duplicates;
    return;
  }
  ++made;
  if (merged.size() < kShown) merged.push_back({known->second, number_});
}

std::string_view RulePreview::sample(const Sample& sample, Syntax syntax) {
  using Effect = relabel::Relabeler::Effect;
  ++number_;
  Sample out = sample;
  const auto effect = relabeler_ == nullptr ? Effect::Unchanged : relabeler_->apply(sample.line);
  switch (effect) {
    case Effect::Unchanged: break;
    case Effect::Inserted:
      out.inserted = relabeler_->inserted();
      ++changed;
      break;
    case Effect::Rewritten:
      out.name = relabeler_->name();
      out.quoted = relabeler_->quoted();
      out.labels = relabeler_->labels();
      ++changed;
      if (out.name != sample.name) {
        ++renamed[std::string(sample.name).append(" -> ").append(out.name)];
      }
      break;
    case Effect::Unmatched:
    case Effect::Dropped: ++dropped[std::string(sample.name)]; return {};
    case Effect::Refused:
      if (refused.empty()) refused = relabeler_->expected();
      return {};
  }
  ++kept;
  findDuplicate(sample, out);
  return exposition::appendSample(page, out, syntax, kBetween);
}

void printNames(const char* what, const Names& names) {
  std::size_t shown = 0;
  for (const auto& [name, samples] : names) {
    if (shown++ == kShown) {
      std::printf("    %s ... and %zu more\n", what, names.size() - kShown);
      return;
    }
    std::printf("    %s %s (%zu)\n", what, printable(name).c_str(), samples);
  }
}

// Name and labels of a sample, by its number on a page that a preview has written. Hides the values
// that will be anonymized.
std::string seriesOf(const std::string& page, std::size_t number,
                     const std::vector<std::string>& hidden) {
  std::size_t begin = 0;
  for (std::size_t line = 1; line < number; ++line) begin = page.find('\n', begin) + 1;
  exposition::OpenMetricsLineParser parser;
  parser.next(page.data() + begin, page.data() + page.size(), /*utf8_known=*/true);
  const exposition::Line& line = parser.line();
  auto labels = line.labels;
  for (exposition::Label& label : labels) {
    if (std::find(hidden.begin(), hidden.end(), label.name) != hidden.end())
      label.value = "<hidden>";
  }
  std::string series;
  exposition::appendSeries(series, {line, line.name, line.quoted, labels, {}, {}}, kBetween);
  return printable(series, 200);
}

void printMerged(const RulePreview& preview, const std::string& page,
                 const std::vector<std::string>& hidden) {
  if (preview.made == 0) return;
  std::printf("  makes %zu duplicate%s: Prometheus keeps one sample of each series\n", preview.made,
              preview.made == 1 ? "" : "s");
  for (const auto& [first, second] : preview.merged) {
    std::printf("    %s and %s become one series\n", seriesOf(page, first, hidden).c_str(),
                seriesOf(page, second, hidden).c_str());
  }
  if (preview.made > preview.merged.size())
    std::printf("    ... and %zu more\n", preview.made - preview.merged.size());
}

void print(const std::string& title, const RulePreview& preview) {
  std::size_t dropped = 0;
  for (const auto& [name, samples] : preview.dropped) dropped += samples;
  std::printf("%s\n  kept %zu, dropped %zu, changed %zu\n", printable(title, 200).c_str(),
              preview.kept, dropped, preview.changed);
  printNames("dropped", preview.dropped);
  printNames("renamed", preview.renamed);
  if (!preview.refused.empty())
    std::printf("  the scrape would fail: %s\n", preview.refused.c_str());
}

// Null after an error message.
const config::Target* findTarget(const std::string& name, const config::Config& config) {
  if (name.empty() && config.targets.size() == 1) return &config.targets.front();
  std::string names;
  for (const auto& target : config.targets) {
    if (target.name == name) return &target;
    names += (names.empty() ? "" : ", ") + target.name;
  }
  std::fprintf(stderr, "--target: %s, expected one of %s\n",
               name.empty() ? "is missing" : "no target has this name", names.c_str());
  return nullptr;
}

// Reads a page into a preview, without the limits that only a scrape has. False after an error
// message.
bool readInto(RulePreview& preview, const std::string& page, const config::Target& target,
              const std::string& file) {
  // A file has no Content-Type, but the last line shows OpenMetrics.
  std::optional<config::PageFormat> format;
  if (page.ends_with("# EOF\n") || page.ends_with("# EOF")) format = config::Format::OpenMetrics;
  config::Limits limits = target.limits;
  limits.family_series = 0;
  exposition::PageInput input(
      format, {limits, target.honor_timestamps, /*strict=*/false, nullptr, presets::jsonFormats()},
      preview, [](const config::JsonFormat&, std::string_view) -> Result<std::string> {
        return Error{Fault::Format, "the page is JSON, expected text or OpenMetrics"};
      });
  auto read = input.feed(page);
  if (read) read = input.finish();
  if (read) return true;
  std::fprintf(stderr, "%s: %s: %s\n", file.c_str(),
               std::string(faultName(read.error().fault)).c_str(), read.error().what.c_str());
  return false;
}

}  // namespace

int rules(const config::CommandLine& command_line, const config::Config& config) {
  const auto* target = findTarget(command_line.target, config);
  if (target == nullptr) return 2;
  const std::string file = command_line.page_file.string();
  std::string page;
  if (const auto error = readInput(command_line.page_file, kMostPageBytes, page)) {
    std::fprintf(stderr, "%s: cannot be read: %s, expected a page of at most 1 GiB\n", file.c_str(),
                 error->what.c_str());
    return 1;
  }
  RulePreview first(nullptr);
  if (!readInto(first, page, *target, file)) return 1;
  std::printf("%s: %zu samples", file.c_str(), first.kept);
  if (first.duplicates > 0)
    std::printf(", %zu of them duplicates on the page itself", first.duplicates);
  std::printf("\n");
  std::string text = std::move(first.page);
  for (const TitledRule& rule : titledRules(target->reshape)) {
    relabel::Relabeler relabeler(scrape::compileRules(rule.rule));
    RulePreview preview(&relabeler);
    if (text.empty()) break;
    if (!readInto(preview, text + "# EOF\n", *target, file)) return 1;
    print(rule.title, preview);
    printMerged(preview, text, target->reshape.anonymize.labels);
    text = std::move(preview.page);
  }
  const auto left = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  std::printf("%zu of %zu samples remain\n", left, first.kept);
  return 0;
}

}  // namespace postern::app
