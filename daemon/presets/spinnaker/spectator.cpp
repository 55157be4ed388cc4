#include "presets/spinnaker/spectator.h"

#include <optional>
#include <utility>
#include <vector>

#include "exposition/json.h"
#include "exposition/number.h"
#include "presets/spinnaker/spectator_text.h"

namespace postern::presets::spinnaker {

using namespace exposition;  // NOLINT(google-build-using-namespace)

namespace {

namespace ondemand = simdjson::ondemand;

using Field = simdjson::simdjson_result<ondemand::field>;

Result<ondemand::value> readField(Field& field, const JsonPlace& where, std::string_view& key) {
  ondemand::value value;
  auto error = field.unescaped_key().get(key);
  if (!error) error = field.value().get(value);
  if (error) return jsonError(where, error);
  return value;
}

// Calls `read` for each object of a list with its place. Null is an empty list.
template <typename Read>
Result<void> readObjects(ondemand::value& value, const JsonPlace& where, Read read) {
  ondemand::json_type type{};
  auto error = value.type().get(type);
  if (error) return jsonError(where, error);
  if (type == ondemand::json_type::null) return {};
  TRY(auto array, readList(value, where));
  std::size_t position = 0;
  for (auto element : array) {
    const auto place = where.element(position++);
    ondemand::value item;
    error = element.get(item);
    if (error) return jsonError(place, error);
    TRY(auto object, readObject(item, place));
    Result<void> done = read(object, place);
    if (!done) return done;
  }
  return {};
}

bool isCounter(std::string_view kind) {
  constexpr std::string_view kPercentile = "Percentile";
  if (kind == "Distribution") return true;
  if (kind.starts_with(kPercentile)) kind.remove_prefix(kPercentile.size());
  return kind == "Counter" || kind == "Timer" || kind == "DistributionSummary";
}

// Reads {"applicationName":"gate","metrics":{"name":{"kind":"Timer","values":[{"tags":[
// {"key":"id","value":"x"}],"values":[{"t":1,"v":2.0}]}]}}} with the fields in any order.
class MeterReader {
 public:
  Result<void> read(ondemand::object root);

  std::string_view service;
  std::vector<SpectatorMeter> meters;
  std::size_t nan_dropped = 0;

 private:
  Result<void> readMeters(ondemand::value& value);
  Result<void> readMeter(ondemand::value& value, const JsonPlace& where, SpectatorMeter& meter);
  Result<void> readSeries(ondemand::object& entry, const JsonPlace& where, SpectatorMeter& meter);
  static Result<void> readTag(ondemand::object& tag, const JsonPlace& where,
                              SpectatorSeries& series);
  Result<void> readMeasurement(ondemand::object& measurement, const JsonPlace& where,
                               SpectatorSeries& series);
};

Result<void> MeterReader::read(ondemand::object root) {
  bool found = false;
  for (auto field : root) {
    std::string_view key;
    TRY(auto value, readField(field, JsonPlace(), key));
    Result<void> done;
    if (key == "applicationName") {
      TRY(auto text, scalarText(value, JsonPlace(key)));
      service = text;
    } else if (key == "metrics") {
      found = true;
      done = readMeters(value);
    }
    if (!done) return done;
  }
  if (!found) return jsonError(JsonPlace(), "missing `metrics`");
  if (service.empty()) return jsonError(JsonPlace(), "missing `applicationName`");
  return {};
}

Result<void> MeterReader::readMeters(ondemand::value& value) {
  const JsonPlace place("metrics");
  TRY(auto object, readMap(value, place));
  if (!object) return {};
  for (auto field : *object) {
    std::string_view name;
    TRY(auto meter, readField(field, place, name));
    meters.push_back({name, false, {}});
    auto done = readMeter(meter, place.member(name), meters.back());
    if (!done) return done;
  }
  return {};
}

Result<void> MeterReader::readMeter(ondemand::value& value, const JsonPlace& where,
                                    SpectatorMeter& meter) {
  auto object = readObject(value, where);
  if (!object) return std::move(object).error();
  std::string_view kind;
  for (auto field : *object) {
    std::string_view key;
    TRY(auto content, readField(field, where, key));
    Result<void> done;
    if (key == "kind") {
      TRY(auto text, scalarText(content, where.member(key)));
      kind = text;
    } else if (key == "values") {
      done = readObjects(content, where.member(key), [&](ondemand::object& entry, const auto& at) {
        return readSeries(entry, at, meter);
      });
    }
    if (!done) return done;
  }
  if (kind.empty()) return jsonError(where, "missing `kind`");
  meter.counter = isCounter(kind);
  return {};
}

Result<void> MeterReader::readSeries(ondemand::object& entry, const JsonPlace& where,
                                     SpectatorMeter& meter) {
  SpectatorSeries series;
  for (auto field : entry) {
    std::string_view key;
    TRY(auto value, readField(field, where, key));
    Result<void> done;
    if (key == "tags") {
      done = readObjects(value, where.member(key), [&](ondemand::object& tag, const auto& at) {
        return readTag(tag, at, series);
      });
    } else if (key == "values") {
      done = readObjects(value, where.member(key), [&](ondemand::object& item, const auto& at) {
        return readMeasurement(item, at, series);
      });
    }
    if (!done) return done;
  }
  if (!series.value.empty()) meter.series.push_back(std::move(series));
  return {};
}

Result<void> MeterReader::readTag(ondemand::object& tag, const JsonPlace& where,
                                  SpectatorSeries& series) {
  std::optional<std::string_view> name;
  std::optional<std::string_view> text;
  for (auto field : tag) {
    std::string_view key;
    auto value = readField(field, where, key);
    if (!value) return std::move(value).error();
    if (key != "key" && key != "value") continue;
    TRY(auto scalar, scalarText(*value, where.member(key)));
    (key == "key" ? name : text) = scalar;
  }
  if (!name || !text) return jsonError(where, "expected key and value");
  if (*name == "statistic" && !series.statistic) {
    series.statistic = text;
  } else {
    series.tags.push_back({*name, *text});
  }
  return {};
}

Result<void> MeterReader::readMeasurement(ondemand::object& measurement, const JsonPlace& where,
                                          SpectatorSeries& series) {
  if (!series.value.empty()) return {};
  bool nan = false;
  for (auto field : measurement) {
    std::string_view key;
    TRY(auto value, readField(field, where, key));
    if (key != "v") continue;
    TRY(auto text, scalarText(value, where.member(key)));
    nan = text == "NaN";
    if (!isValue(text)) return jsonError(where.member(key), "expected a number");
    series.value = nan ? std::string_view() : text;
  }
  if (nan) {
    ++nan_dropped;
  } else if (series.value.empty()) {
    return jsonError(where, "missing `v`");
  }
  return {};
}

}  // namespace

Result<SpectatorPage> readSpectator(std::string_view json, const SpectatorOptions& options) {
  JsonDocument page(json);
  TRY(auto root, page.root());
  MeterReader reader;
  auto read = reader.read(root);
  if (read) read = page.checkEnd();
  if (!read) return page.located(std::move(read).error());
  JsonGrowth growth(json.size());
  TRY(auto text, writeSpectator(reader.service, reader.meters, options, growth));
  if (text.empty()) {
    return Error{.fault = Fault::Empty, .what = "the page contains no samples"};
  }
  return SpectatorPage{std::move(text), reader.nan_dropped};
}

}  // namespace postern::presets::spinnaker
