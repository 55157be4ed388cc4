#include "exposition/limits.h"

#include <fmt/core.h>

#include <string>

#include "base/printable.h"

namespace postern::exposition {
namespace {

Error exceeded(std::string_view name, std::size_t limit, const std::string& what) {
  return {.fault = Fault::Limit, .what = fmt::format("{} of {} exceeded: {}", name, limit, what)};
}

// `what` says by how much a label of `metric` exceeds the limit.
Error labelExceeded(std::string_view name, std::size_t limit, std::string_view metric,
                    const std::string& what) {
  return exceeded(name, limit,
                  fmt::format("a sample of metric {} has {}", printable(metric), what));
}

// Each of the three escapes of a label value counts as one byte. Any other backslash counts as it
// is.
std::size_t lengthWithoutEscapes(std::string_view value) {
  std::size_t length = value.size();
  for (std::size_t i = 0; i + 1 < value.size(); ++i) {
    if (value[i] != '\\') continue;
    ++i;
    if (value[i] == '\\' || value[i] == '"' || value[i] == 'n') --length;
  }
  return length;
}

}  // namespace

bool limitsLabels(const config::Limits& limits) {
  return limits.labels != 0 || limits.label_name_length != 0 || limits.label_value_length != 0;
}

Result<void> checkSampleLimit(const config::Limits& limits, std::size_t samples) {
  if (limits.samples == 0 || samples <= limits.samples) return {};
  return exceeded("sample_limit", limits.samples, "the page has more samples");
}

Result<void> checkLabelLimits(const config::Limits& limits, std::string_view metric,
                              std::span<const Label> labels, std::size_t more) {
  if (limits.labels != 0 && labels.size() + more > limits.labels) {
    return labelExceeded("label_limit", limits.labels, metric,
                         std::to_string(labels.size() + more) + " labels");
  }
  for (const Label& label : labels) {
    if (limits.label_name_length != 0 && label.name.size() > limits.label_name_length) {
      return labelExceeded(
          "label_name_length_limit", limits.label_name_length, metric,
          fmt::format("a label name of {} bytes, {}", label.name.size(), printable(label.name)));
    }
    if (limits.label_value_length == 0 || label.value.size() <= limits.label_value_length) continue;
    const std::size_t length = lengthWithoutEscapes(label.value);
    if (length > limits.label_value_length) {
      return labelExceeded(
          "label_value_length_limit", limits.label_value_length, metric,
          fmt::format("a value of {} bytes in label {}", length, printable(label.name)));
    }
  }
  return {};
}

}  // namespace postern::exposition
