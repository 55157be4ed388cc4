#include "fuzz/page.h"

// The first byte chooses the operation on the OpenMetrics page that follows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view page(reinterpret_cast<const char*>(data) + 1, size - 1);
  postern::exposition::PageOptions options;
  options.strict = (data[0] & 1) != 0;
  options.honor_timestamps = (data[0] & 2) == 0;
  const auto& output = (data[0] & 4) != 0 ? postern::fuzz::kOpenMetrics : postern::fuzz::kText;
  const std::size_t block = 1 + data[0] / 8;
  postern::fuzz::holdPage(page, postern::fuzz::Syntax::OpenMetrics, options, output, block);
  postern::fuzz::holdLikeness(page, postern::fuzz::Format::OpenMetrics, options, output, 8 * block);
  return 0;
}
