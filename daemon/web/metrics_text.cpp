#include "web/metrics_text.h"

#include <fmt/core.h>

#include <array>
#include <charconv>

#include "base/metric_text.h"

namespace postern::web {
namespace {

std::string number(double value) {
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end};
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} ", name_);
  text_ += escapeHelp(help);
  text_ += fmt::format("\n# TYPE {} ", name_);
  text_ += type;
  text_ += '\n';
}

void MetricsText::line(std::string_view suffix, LabelList labels, std::string_view more,
                       const std::string& value) {
  text_ += name_;
  text_ += suffix;
  char separator = '{';
  for (const auto& [name, text] : labels) {
    text_ += separator;
    text_ += name;
    text_ += "=\"";
    text_ += escapeLabelValue(text);
    text_ += '"';
    separator = ',';
  }
  if (!more.empty()) {
    text_ += separator;
    text_ += more;
    separator = ',';
  }
  if (separator == ',') text_ += '}';
  text_ += ' ';
  text_ += value;
  text_ += '\n';
}

void MetricsText::sample(LabelList labels, double value) {
  line("", labels, "", number(value));
}

void MetricsText::sample(LabelList labels, std::uint64_t value) {
  line("", labels, "", std::to_string(value));
}

void MetricsText::histogram(LabelList labels, const scrape::Histogram& histogram) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.buckets.size(); ++i) {
    below += histogram.buckets[i];
    const std::string bound =
        i < scrape::kDurationBounds.size() ? number(scrape::kDurationBounds[i]) : "+Inf";
    line("_bucket", labels, fmt::format("le=\"{}\"", bound), std::to_string(below));
  }
  line("_sum", labels, "", number(histogram.sum));
  line("_count", labels, "", std::to_string(histogram.count));
}

}  // namespace postern::web
