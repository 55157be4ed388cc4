#include "exposition/whatsapp_sample.h"

#include <algorithm>
#include <utility>

#include "exposition/json.h"
#include "exposition/number.h"
#include "exposition/text_line.h"

namespace postern::exposition {
namespace {

namespace ondemand = simdjson::ondemand;

Result<std::string_view> readNumber(ondemand::value& value, std::string_view where) {
  auto text = scalarText(value, where);
  if (text && !isValue(*text)) return jsonError(where, "expected a number");
  return text;
}

// Infinity has one spelling as a bucket's bound.
std::string_view bound(std::string_view le) {
  return le == "Inf" || le == "inf" || le == "+inf" || le == "Infinity" ? "+Inf" : le;
}

void appendLine(std::string& out, std::string_view metric, std::string_view suffix,
                std::string_view labels, std::string_view value) {
  out.append(metric).append(suffix);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(value).append("\n");
}

}  // namespace

Result<void> Sampler::read(ondemand::object entry, std::string_view where) {
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
      auto text = readNumber(value, pathTo(where, key));
      if (!text) return std::move(text).error();
      *number = *text;
    } else if (key == "labels") {
      read = readLabels(value, pathTo(where, key));
    } else if (key == "bucket") {
      read = readBuckets(value, pathTo(where, key));
    }
    if (!read) return read;
  }
  if (histogram_ || !value_.empty()) return {};
  return jsonError(where, "expected a value or buckets, found neither");
}

Result<void> Sampler::readLabels(ondemand::value& value, std::string_view where) {
  auto labels = readMap(value, where);
  if (!labels) return std::move(labels).error();
  if (!*labels) return {};
  for (auto field : **labels) {
    std::string_view name;
    ondemand::value label;
    auto error = field.unescaped_key().get(name);
    if (!error) error = field.value().get(label);
    if (error) return jsonError(where, error);
    if (!isPlainLabelName(name)) return jsonError(pathTo(where, name), "not a label name");
    auto text = scalarText(label, pathTo(where, name));
    if (!text) return std::move(text).error();
    labels_.push_back({name, *text});
  }
  return {};
}

Result<void> Sampler::readBuckets(ondemand::value& value, std::string_view where) {
  histogram_ = true;
  auto buckets = readMap(value, where);
  if (!buckets) return std::move(buckets).error();
  if (!*buckets) return {};
  for (auto field : **buckets) {
    std::string_view le;
    ondemand::value count;
    auto error = field.unescaped_key().get(le);
    if (!error) error = field.value().get(count);
    if (error) return jsonError(where, error);
    if (!isValue(le)) return jsonError(pathTo(where, le), "a bucket's bound is no number");
    auto number = readNumber(count, pathTo(where, le));
    if (!number) return std::move(number).error();
    buckets_.push_back({bound(le), *number});
  }
  return {};
}

Result<std::size_t> Sampler::write(std::string_view metric, std::string_view node,
                                   std::string_view where, Family& family) {
  const auto isNode = [](const Label& label) { return label.name == "node"; };
  if (!node.empty() && std::none_of(labels_.begin(), labels_.end(), isNode)) {
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
  if (!histogram_) {
    appendLine(family.samples, metric, "", labels_text_, value_);
    return std::size_t{1};
  }
  if (count_.empty()) return jsonError(where, "expected count beside the buckets");
  return writeHistogram(metric, family);
}

std::size_t Sampler::writeHistogram(std::string_view metric, Family& family) const {
  family.type = "histogram";
  const std::string before = labels_text_.empty() ? "le=\"" : labels_text_ + ",le=\"";
  std::size_t lines = 0;
  bool infinite = false;
  for (const Bucket& bucket : buckets_) {
    infinite = infinite || bucket.le == "+Inf";
    appendLine(family.samples, metric, "_bucket", before + std::string(bucket.le) + "\"",
               bucket.count);
    ++lines;
  }
  if (!infinite) {
    appendLine(family.samples, metric, "_bucket", before + "+Inf\"", count_);
    ++lines;
  }
  if (!sum_.empty()) {
    appendLine(family.samples, metric, "_sum", labels_text_, sum_);
    ++lines;
  }
  appendLine(family.samples, metric, "_count", labels_text_, count_);
  return lines + 1;
}

}  // namespace postern::exposition
