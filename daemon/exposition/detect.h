#pragma once

#include <optional>
#include <string_view>

namespace postern::exposition {

enum class Format { Text, OpenMetrics, WhatsappJson, WhatsappHealth, SpectatorJson };

// As the configuration calls it: "text", "openmetrics", "whatsapp_json" ...
std::string_view formatName(Format format);

// The format that a Content-Type names as Prometheus reads it (model/textparse, extractMediaType,
// with Go's mime.ParseMediaType): Text or OpenMetrics, of any version. Not set when it cannot be
// read or names another type, such as WhatsApp's text/html.
std::optional<Format> formatOf(std::string_view content_type);

// The one type of Prometheus that postern does not read.
bool isProtobuf(std::string_view content_type);

// The JSON format of a page that begins like this. Not set when it does not begin with a JSON
// object; `{"my.metric"} 1` does not, because no colon follows the name. A top key health, stats or
// applicationName decides, or the fields that the members of `metrics` have; WhatsappJson when none
// of them is found. Time is linear in the length of `begin`.
std::optional<Format> jsonFormat(std::string_view begin);

// The format of a page of `format: auto`. The Content-Type decides when it names one of the two.
// The page decides otherwise whether it is JSON; all else is Text, as Prometheus reads it (2.42),
// so that no timestamp changes its unit.
Format detect(std::string_view content_type, std::string_view begin);

}  // namespace postern::exposition
