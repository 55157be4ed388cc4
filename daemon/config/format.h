#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace postern::exposition {
struct ConvertedPage;
}

// The formats of pages, as services send them.
namespace postern::config {

// Json: a format of a product, described by a JsonFormat.
enum class Format { Auto, Text, OpenMetrics, Json };

// What the conversion of a page depends on besides the page. Borrowed for the call.
struct PageOrigin {
  const std::vector<std::string>& options;  // Page::options
  std::string_view target;                  // the target's name
  std::string_view company;                 // company_name of the credential; may be empty
};

// One metric that a format's health page becomes.
struct HealthGauge {
  std::string_view name;  // empty: pages of the format do not report health
  std::string_view help;
};

// A JSON format of one product (daemon/presets), compared by address: one constant for each.
struct JsonFormat {
  std::string_view name;  // in the configuration
  // Converts a page to Prometheus text. Errors: Format, Empty, Limit. Thread-safe.
  Result<exposition::ConvertedPage> (*convert)(std::string_view json, const PageOrigin& origin);
  // Detection: a page with one of these keys in its outermost object, or with one of these fields
  // in a member of its object `metrics`, has this format.
  std::span<const std::string_view> top_keys = {};
  std::span<const std::string_view> metric_fields = {};
  // Keys of a page of this format, each true or false; false by default.
  std::span<const std::string_view> options = {};
  // The gauge of /health/<target>/sanity for a page that reports the service's health.
  HealthGauge health_gauge = {};
  // Whether a page of this format is merged with postern_page_up even if the target has no other.
  bool merged = false;

  bool reportsHealth() const { return !health_gauge.name.empty(); }
};
using JsonFormats = std::span<const JsonFormat* const>;

// The format of a page.
struct PageFormat {
  PageFormat(Format of = Format::Auto) : format(of) {}  // any but Json
  PageFormat(const JsonFormat& of) : format(Format::Json), json(&of) {}

  Format format;
  const JsonFormat* json = nullptr;  // set for Format::Json only

  bool operator==(const PageFormat&) const = default;
  bool isJson() const { return json != nullptr; }
  bool reportsHealth() const { return json != nullptr && json->reportsHealth(); }
  // The name in the configuration: "auto", "text", "openmetrics" or that of the JSON format.
  std::string_view name() const {
    switch (format) {
      case Format::Auto: break;
      case Format::Text: return "text";
      case Format::OpenMetrics: return "openmetrics";
      case Format::Json: return json->name;
    }
    return "auto";
  }
};

}  // namespace postern::config
