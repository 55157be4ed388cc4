#include "exposition/detect.h"
#include "exposition/negotiate.h"
#include "fuzz/page.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view accept(reinterpret_cast<const char*>(data), size);
  const auto output = postern::exposition::negotiate(accept);
  const bool quotes = output.escaping == postern::exposition::Escaping::AllowUtf8;
  postern::fuzz::require(output.version_1 || !quotes, "names in quotes without version 1.0.0",
                         accept);
  // Postern's content type of a page means the same format to a scraper that reads it like
  // Prometheus.
  const auto format = postern::exposition::formatOf(postern::exposition::contentType(output));
  const auto meant = output.syntax == postern::fuzz::Syntax::Text
                         ? postern::config::Format::Text
                         : postern::config::Format::OpenMetrics;
  postern::fuzz::require(format && *format == meant, "the Content-Type says something else",
                         accept);
  postern::exposition::formatOf(accept);
  return 0;
}
