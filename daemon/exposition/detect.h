#pragma once

#include <optional>
#include <string_view>

namespace postern::exposition {

enum class Format { Text, OpenMetrics, WhatsappJson, WhatsappHealth, SpectatorJson };

// The format that a Content-Type names as Prometheus reads it (model/textparse, extractMediaType);
// none when it names none that we know. Never trusted alone: WhatsApp says text/html.
std::optional<Format> formatOf(std::string_view content_type);

// The format of a page of `format: auto`, by its first bytes (all of them when the page is
// short) and its Content-Type.
Format detect(std::string_view content_type, std::string_view begin);

}  // namespace postern::exposition
