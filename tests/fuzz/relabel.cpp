#include <simdjson.h>

#include <vector>

#include "config/readers.h"
#include "config/selector.h"
#include "fuzz/page.h"
#include "relabel/relabeler.h"

namespace {

using postern::config::Relabel;

// Removes a line from the input.
std::string takeLine(std::string_view& input) {
  const auto eol = input.find('\n');
  const std::string line(input.substr(0, eol));
  input.remove_prefix(eol == std::string_view::npos ? input.size() : eol + 1);
  return line;
}

Relabel takeRule(std::string_view& input, unsigned char action) {
  Relabel rule;
  rule.action = static_cast<postern::config::RelabelAction>(action % 11);
  rule.source_labels = {takeLine(input), takeLine(input)};
  rule.regex = postern::config::inRe2(takeLine(input));
  rule.target_label = takeLine(input);
  rule.replacement = takeLine(input);
  rule.modulus = 7;
  return rule;
}

}  // namespace

// Two bytes choose two actions; ten lines are the fields of the rules; a text page follows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 3, size - 3);
  if (!simdjson::validate_utf8(input.data(), input.size())) return 0;  // as no YAML would be
  postern::config::Reshape config;
  if ((data[2] & 1) != 0) config.labels = {{"a", "added"}};
  config.honor_labels = (data[2] & 2) != 0;
  if ((data[2] & 4) != 0) config.anonymize.labels = {"b"};
  if ((data[2] & 8) != 0) {
    auto& selector = config.match.emplace_back();
    if (!postern::config::readSelector(takeLine(input), selector).empty()) return 0;
  }
  for (const unsigned char action : {data[0], data[1]}) {
    const Relabel& rule = config.metric_relabel_configs.emplace_back(takeRule(input, action));
    if (rule.target_label.empty() || !postern::config::regexMistake(rule.regex).empty()) return 0;
  }
  const auto digest = [](std::string_view text) {
    std::string sum(32, '\0');
    for (std::size_t i = 0; i < text.size(); ++i)
      sum[i % 32] = static_cast<char>(sum[i % 32] + text[i]);
    return sum;
  };
  const auto rules = postern::relabel::Rules::compile(config, {digest, digest});
  postern::relabel::Relabeler warm(rules);
  postern::relabel::Relabeler cold(rules);
  postern::exposition::PageOptions options;
  options.relabeler = &warm;
  postern::fuzz::holdPage(input, postern::fuzz::Syntax::Text, options, postern::fuzz::kText,
                          1 + data[2] / 8);
  const auto remembered = postern::fuzz::read(input, postern::fuzz::Syntax::Text, options,
                                              postern::fuzz::kText, 1 << 20);
  postern::fuzz::holdLikeness(
      input, postern::fuzz::Format::Text, options,
      (data[2] & 16) != 0 ? postern::fuzz::kOpenMetrics : postern::fuzz::kText,
      1U << (data[2] / 16));
  options.relabeler = &cold;
  const auto worked_out = postern::fuzz::read(input, postern::fuzz::Syntax::Text, options,
                                              postern::fuzz::kText, 1 << 20);
  postern::fuzz::require(remembered == worked_out, "the cache changes the result", input);
  return 0;
}
