#include "scrape/json_page.h"

#include <utility>

#include "exposition/families.h"
#include "exposition/spectator_json.h"

namespace postern::scrape {

Result<std::string> JsonPageConverter::toText(exposition::Format format, std::string_view json) {
  if (format == exposition::Format::SpectatorJson) {
    TRY(auto read, exposition::readSpectator(json, target_.pages[page_].spectator));
    nan_dropped_ += read.nan_dropped;
    return std::move(read.text);
  }
  Result<exposition::Families> families = exposition::Families();
  if (format == exposition::Format::WhatsappHealth) {
    TRY(auto health, exposition::parseWhatsappHealth(json));
    families = exposition::healthFamilies(health, target_.name, company_);
    health_ = std::make_shared<exposition::Health>(std::move(health));
  } else {
    families = exposition::parseWhatsappJson(json);
  }
  if (!families) return std::move(families).error();
  return exposition::write(*std::move(families), {});
}

}  // namespace postern::scrape
