#pragma once

#include <optional>
#include <string_view>

namespace postern::exposition {

enum class Format { Text, OpenMetrics, WhatsappJson, WhatsappHealth, SpectatorJson };

// As the configuration calls it: "text", "openmetrics", "whatsapp_json" ...
std::string_view formatName(Format format);

// The format that a Content-Type names as Prometheus reads it (model/textparse, extractMediaType,
// with Go's mime.ParseMediaType): Text or OpenMetrics, of any version. None when it cannot be read
// or names another type. Never trusted alone: WhatsApp says text/html.
std::optional<Format> formatOf(std::string_view content_type);

// The format of a page of `format: auto`, by its first bytes (all of them when the page is
// short) and its Content-Type.
//
// - A page that begins with a JSON object is one of the JSON formats, whatever its Content-Type;
//   which one its keys tell, WhatsappJson when they tell nothing.
// - Lines that the text parser refuses and OpenMetrics knows (TYPE unknown, info, stateset or
//   gaugehistogram, an exemplar) make it OpenMetrics. Otherwise lines that OpenMetrics refuses and
//   text knows (TYPE untyped, a tab or two blanks between name and value, any other comment, a
//   blank line) make it Text.
// - Otherwise the Content-Type tells, when it names one of the two. What it calls text is read as
//   Prometheus reads it, for which UNIT and EOF are comments.
// - Otherwise UNIT or `# EOF` as the last line make it OpenMetrics.
// Whatever else, HTML too, is Text, whose parser says what is wrong with it.
//
// Time is linear in the length of `begin`. A line that is cut off at the
// end of `begin` counts only as far as it goes.
Format detect(std::string_view content_type, std::string_view begin);

}  // namespace postern::exposition
