#include "presets/spinnaker/spectator_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/metric_text.h"
#include "base/printable.h"
#include "exposition/bytes.h"
#include "exposition/families.h"
#include "exposition/json.h"

namespace postern::presets::spinnaker {

using namespace exposition;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::string_view kTotal = "_total";

bool isLabelChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) || c == '_';
}

// Replaces each UTF-8 character that is invalid there by one `_`.
void appendIllegal(std::string& out, char c) {
  const bool continued = (static_cast<std::uint8_t>(c) & 0xc0U) == 0x80U;
  if (!continued) out += '_';
}

bool needsStart(std::string_view text) {
  return text.empty() || isDigit(text[0]);
}

std::string labelName(std::string_view key) {
  std::string name(needsStart(key) ? "_" : "");
  for (const char c : key) {
    if (isLabelChar(c)) {
      name += c;
    } else {
      appendIllegal(name, c);
    }
  }
  return name;
}

std::string metricName(std::string_view text, char separator) {
  std::string name(needsStart(text) ? "_" : "");
  for (const char c : text) {
    if (c == '.' || c == '/') {
      name += separator;
    } else if (isLabelChar(c) || c == ':') {
      name += c;
    } else {
      appendIllegal(name, c);
    }
  }
  return name;
}

std::string inQuotes(std::string_view text) {
  return fmt::format("\"{}\"", printable(text));
}

using Labels = std::vector<std::pair<std::string, std::string_view>>;

// One line of the page, its labels sorted by name.
struct SampleRow {
  const SpectatorMeter* meter;
  std::string_view value;
  Labels labels;
};

struct FamilyRows {
  std::string name;
  bool counter = false;
  std::set<std::string> labels;
  std::vector<SampleRow> rows;
};

class MeterWriter {
 public:
  MeterWriter(std::string_view service, const SpectatorOptions& options, JsonGrowth& growth)
      : service_(service), options_(options), growth_(growth) {
    const std::size_t dash = service.find('-');
    const bool split = dash != std::string_view::npos && dash > 0;
    variant_ = split ? service.substr(dash + 1) : std::string_view();
    base_ = split ? service.substr(0, dash) : service;
  }

  Result<void> add(const SpectatorMeter& meter);
  Result<std::string> write() const;

 private:
  std::string nameOf(const SpectatorMeter& meter, const SpectatorSeries& series) const;
  Result<Labels> labelsOf(const SpectatorMeter& meter, const SpectatorSeries& series) const;
  Result<void> writeFamily(const FamilyRows& family, std::string& out) const;

  std::string_view service_;
  std::string_view base_;
  std::string_view variant_;
  const SpectatorOptions& options_;
  JsonGrowth& growth_;
  std::vector<FamilyRows> families_;
  std::unordered_map<std::string, std::size_t> positions_;
};

Result<void> MeterWriter::add(const SpectatorMeter& meter) {
  for (const SpectatorSeries& series : meter.series) {
    TRY(auto labels, labelsOf(meter, series));
    // Reserves room before the name is made, because its line contains it.
    auto room = growth_.add(service_.size() + meter.name.size());
    if (!room) return room;
    std::string name = nameOf(meter, series);
    const auto [found, fresh] = positions_.emplace(name, families_.size());
    if (fresh) families_.push_back({std::move(name), meter.counter, {}, {}});
    FamilyRows& family = families_[found->second];
    for (const auto& label : labels) family.labels.insert(label.first);
    family.rows.push_back({&meter, series.value, std::move(labels)});
  }
  return {};
}

std::string MeterWriter::nameOf(const SpectatorMeter& meter, const SpectatorSeries& series) const {
  std::string text;
  if (!options_.service_label) text.append(service_).append("/");
  text.append(meter.name);
  if (series.statistic) text.append("__").append(*series.statistic);
  std::string name = metricName(text, options_.standard_notation ? '_' : ':');
  if (meter.counter && !name.ends_with(kTotal)) name += kTotal;
  return name;
}

Result<Labels> MeterWriter::labelsOf(const SpectatorMeter& meter,
                                     const SpectatorSeries& series) const {
  Labels labels;
  for (const SpectatorTag& tag : series.tags) labels.emplace_back(labelName(tag.key), tag.value);
  if (options_.service_label) {
    labels.emplace_back("spin_service", base_);
    labels.emplace_back("spin_variant", variant_);
  }
  std::sort(labels.begin(), labels.end());
  const JsonPlace meters("metrics");
  const auto where = meters.member(meter.name);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string& name = labels[i].first;
    if (name == "__name__") {
      return jsonError(where, "a tag becomes the label __name__, which is the metric's own name");
    }
    if (i > 0 && labels[i - 1].first == name) {
      return jsonError(where,
                       fmt::format("two tags become the label {}, expected one", inQuotes(name)));
    }
  }
  return labels;
}

// `labels` and those of the row are in the same order.
std::string labelsText(const std::set<std::string>& labels, const SampleRow& row) {
  std::string text;
  auto given = row.labels.begin();
  for (const std::string& name : labels) {
    text.append(text.empty() ? "{" : ",").append(name).append("=\"");
    if (given != row.labels.end() && given->first == name) {
      text.append(escapeLabelValue(given->second));
      ++given;
    }
    text += '"';
  }
  return text.empty() ? text : text + "}";
}

Result<void> MeterWriter::writeFamily(const FamilyRows& family, std::string& out) const {
  const std::string_view type = family.counter ? "counter" : "gauge";
  out.append("# TYPE ").append(family.name).append(" ").append(type).append("\n");
  std::unordered_map<std::string, const SpectatorMeter*> seen;
  for (const SampleRow& row : family.rows) {
    std::string labels = labelsText(family.labels, row);
    auto room = growth_.add(labels.size() + row.value.size());
    if (!room) return room;
    out.append(family.name).append(labels).append(" ").append(row.value).append("\n");
    const auto [earlier, fresh] = seen.emplace(std::move(labels), row.meter);
    if (fresh) continue;
    return jsonError(
        JsonPlace("metrics"),
        fmt::format("meters {} and {} both become the series {}, expected each series once",
                    inQuotes(earlier->second->name), inQuotes(row.meter->name),
                    printable(family.name + earlier->first, 200)));
  }
  return {};
}

Result<std::string> MeterWriter::write() const {
  std::string out;
  for (const FamilyRows& family : families_) {
    TRY_VOID(writeFamily(family, out));
  }
  return out;
}

}  // namespace

Result<std::string> writeSpectator(std::string_view service,
                                   const std::vector<SpectatorMeter>& meters,
                                   const SpectatorOptions& options, JsonGrowth& growth) {
  MeterWriter writer(service, options, growth);
  for (const SpectatorMeter& meter : meters) {
    TRY_VOID(writer.add(meter));
  }
  return writer.write();
}

}  // namespace postern::presets::spinnaker
