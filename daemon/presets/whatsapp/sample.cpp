#include "presets/whatsapp/sample.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/metric_text.h"
#include "base/printable.h"
#include "exposition/json.h"
#include "exposition/number.h"
#include "exposition/text_line.h"
#include "relabel/label_set.h"

namespace postern::presets::whatsapp {

using namespace exposition;  // NOLINT(google-build-using-namespace)

namespace {

namespace ondemand = simdjson::ondemand;

Result<std::string_view> readNumber(ondemand::value& value, const JsonPlace& where) {
  auto text = scalarText(value, where);
  if (text && !isValue(*text)) return jsonError(where, "expected a number");
  return text;
}

// The only spelling of infinity as a bucket's bound.
std::string_view bound(std::string_view le) {
  return le == "Inf" || le == "inf" || le == "+inf" || le == "Infinity" ? "+Inf" : le;
}

// Writes the lines of one metric.
class Lines {
 public:
  Lines(std::string_view metric, JsonGrowth& growth, std::string& out)
      : metric_(metric), growth_(growth), out_(out) {}

  // `more`: one additional label, or empty. Error: Limit.
  Result<void> append(std::string_view suffix, std::string_view labels, std::string_view more,
                      std::string_view value) {
    constexpr std::size_t kPunctuation = 5;
    auto room = growth_.add(metric_.size() + suffix.size() + labels.size() + more.size() +
                            value.size() + kPunctuation);
    if (!room) return room;
    const bool both = !labels.empty() && !more.empty();
    out_.append(metric_).append(suffix);
    if (!labels.empty() || !more.empty()) {
      out_.append("{").append(labels).append(both ? "," : "").append(more).append("}");
    }
    out_.append(" ").append(value).append("\n");
    ++count_;
    return {};
  }
  std::size_t count() const { return count_; }

 private:
  std::string_view metric_;
  JsonGrowth& growth_;
  std::string& out_;
  std::size_t count_ = 0;
};

}  // namespace

Result<void> Sampler::read(ondemand::object entry, const JsonPlace& where) {
  labels_.clear();
  buckets_.clear();
  histogram_ = false;
  value_ = sum_ = count_ = {};
  for (auto field : entry) {
    std::string_view key;
    auto error = field.unescaped_key().get(key);
    ondemand::value value;
    if (!error) error = field.value().get(value);
    if (error) return jsonError(where, error);
    Result<void> read;
    std::string_view* number = key == "value"   ? &value_
                               : key == "sum"   ? &sum_
                               : key == "count" ? &count_
                                                : nullptr;
    if (number != nullptr) {
      TRY(auto text, readNumber(value, where.member(key)));
      *number = text;
    } else if (key == "labels") {
      read = readLabels(value, where.member(key));
    } else if (key == "bucket") {
      read = readBuckets(value, where.member(key));
    }
    if (!read) return read;
  }
  if (histogram_ || !value_.empty()) return {};
  return jsonError(where, "expected a value or buckets, found neither");
}

Result<void> Sampler::readLabels(ondemand::value& value, const JsonPlace& where) {
  TRY(auto labels, readMap(value, where));
  if (!labels) return {};
  for (auto field : *labels) {
    std::string_view name;
    ondemand::value label;
    auto error = field.unescaped_key().get(name);
    if (!error) error = field.value().get(label);
    if (error) return jsonError(where, error);
    if (!isPlainLabelName(name)) return jsonError(where.member(name), "not a label name");
    if (name == relabel::LabelSet::kMetricName) {
      return jsonError(
          where,
          "a label is called __name__, which is the metric's own name; expected another name");
    }
    TRY(auto text, scalarText(label, where.member(name)));
    labels_.push_back({name, text});
  }
  names_.clear();
  for (const Label& label : labels_) names_.push_back(label.name);
  std::ranges::sort(names_);
  const auto twice = std::ranges::adjacent_find(names_);
  if (twice == names_.end()) return {};
  return jsonError(where, fmt::format("label {} appears twice, expected once", quoteJson(*twice)));
}

bool Sampler::hasLabel(std::string_view name) const {
  return std::ranges::any_of(labels_, [&](const Label& label) { return label.name == name; });
}

Result<void> Sampler::readBuckets(ondemand::value& value, const JsonPlace& where) {
  histogram_ = true;
  TRY(auto buckets, readMap(value, where));
  if (!buckets) return {};
  for (auto field : *buckets) {
    std::string_view le;
    ondemand::value count;
    auto error = field.unescaped_key().get(le);
    if (!error) error = field.value().get(count);
    if (error) return jsonError(where, error);
    if (!isValue(le)) return jsonError(where.member(le), "a bucket's bound is not a number");
    TRY(auto number, readNumber(count, where.member(le)));
    buckets_.push_back({bound(le), number});
  }
  return {};
}

Result<std::size_t> Sampler::write(std::string_view metric, std::string_view node,
                                   const JsonPlace& where, JsonGrowth& growth, Family& family) {
  if (!node.empty() && !hasLabel("node")) {
    labels_.insert(labels_.begin(), {"node", node});
  }
  labels_text_.clear();
  for (const Label& label : labels_) {
    if (!labels_text_.empty()) labels_text_ += ',';
    labels_text_.append(label.name)
        .append("=\"")
        .append(escapeLabelValue(label.value))
        .append("\"");
  }
  if (histogram_) {
    if (count_.empty()) return jsonError(where, "expected count in addition to the buckets");
    if (hasLabel("le"))
      return jsonError(
          where, "a label is called le, which is the bound of its buckets; expected another name");
    return writeHistogram(metric, growth, family);
  }
  Lines lines(metric, growth, family.samples);
  TRY_VOID(lines.append("", labels_text_, "", value_));
  return lines.count();
}

Result<std::size_t> Sampler::writeHistogram(std::string_view metric, JsonGrowth& growth,
                                            Family& family) const {
  family.type = "histogram";
  Lines lines(metric, growth, family.samples);
  bool infinite = false;
  Result<void> appended;
  const auto appendBucket = [&](std::string_view le, std::string_view count) {
    infinite = infinite || le == "+Inf";
    appended = lines.append("_bucket", labels_text_, fmt::format("le=\"{}\"", le), count);
  };
  for (const Bucket& bucket : buckets_) {
    appendBucket(bucket.le, bucket.count);
    if (!appended) return std::move(appended).error();
  }
  if (!infinite) appendBucket("+Inf", count_);
  if (appended && !sum_.empty()) appended = lines.append("_sum", labels_text_, "", sum_);
  if (appended) appended = lines.append("_count", labels_text_, "", count_);
  if (!appended) return std::move(appended).error();
  return lines.count();
}

}  // namespace postern::presets::whatsapp
