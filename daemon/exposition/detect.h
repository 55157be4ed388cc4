#pragma once

#include <optional>
#include <string_view>

#include "config/format.h"

namespace postern::exposition {

using config::Format;
using config::JsonFormat;
using config::PageFormat;

// The format that Prometheus reads from a Content-Type (model/textparse, extractMediaType, with
// Go's mime.ParseMediaType): Text or OpenMetrics, of any version. Not set when it cannot be read or
// names another type, such as text/html.
std::optional<PageFormat> formatOf(std::string_view content_type);

// The one type of Prometheus that postern does not read.
bool isProtobuf(std::string_view content_type);

// Whether a page with this beginning is a JSON object. `{"my.metric"} 1` is not, because no colon
// follows the name. Time is linear in the length of `begin`, also below.
bool looksLikeJson(std::string_view begin);

// The format of a page of `format: auto`. The Content-Type decides when it names Text or
// OpenMetrics. Otherwise a JSON object has the first format of `formats` whose top_keys or
// metric_fields come first, or without any of them the first of all. Everything else is Text, like
// in Prometheus (2.42), so that no timestamp changes its unit.
PageFormat detect(std::string_view content_type, std::string_view begin,
                  config::JsonFormats formats);

}  // namespace postern::exposition
