#include "scrape/json_conversion.h"

#include <utility>

namespace postern::scrape {

Result<std::string> JsonConversion::toText(const config::JsonFormat& format,
                                           std::string_view json) {
  const auto& options = target_.pages[page_].options;
  TRY(auto page, format.convert(json, {options, target_.name, company_}));
  nan_dropped_ += page.nan_dropped;
  health_ = std::move(page.health);
  return std::move(page.text);
}

}  // namespace postern::scrape
