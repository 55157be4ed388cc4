#pragma once

#include <optional>
#include <string_view>

namespace postern::exposition {

enum class Format { Text, OpenMetrics, WhatsappJson, WhatsappHealth, SpectatorJson };

// The name in the configuration: "text", "openmetrics", "whatsapp_json" ...
std::string_view formatName(Format format);

// The format that Prometheus reads from a Content-Type (model/textparse, extractMediaType, with
// Go's mime.ParseMediaType): Text or OpenMetrics, of any version. Not set when it cannot be read or
// names another type, such as WhatsApp's text/html.
std::optional<Format> formatOf(std::string_view content_type);

// The one type of Prometheus that postern does not read.
bool isProtobuf(std::string_view content_type);

// The JSON format of a page with this beginning. Not set when it does not begin with a JSON object;
// `{"my.metric"} 1` does not, because no colon follows the name. A top-level key health, stats or
// applicationName decides, or the fields that the members of `metrics` have; without any of them it
// is WhatsappJson. Time is linear in the length of `begin`.
std::optional<Format> jsonFormat(std::string_view begin);

// The format of a page of `format: auto`. The Content-Type decides when it names Text or
// OpenMetrics. Otherwise the page decides whether it is JSON. Everything else is Text, like in
// Prometheus (2.42), so that no timestamp changes its unit.
Format detect(std::string_view content_type, std::string_view begin);

}  // namespace postern::exposition
