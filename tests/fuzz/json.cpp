#include "exposition/detect.h"
#include "exposition/families.h"
#include "fuzz/page.h"
#include "presets/registry.h"
#include "presets/spinnaker/spectator.h"
#include "presets/whatsapp/health.h"
#include "presets/whatsapp/statistics.h"

namespace {

using postern::fuzz::read;
using postern::fuzz::require;

// The conversion of a Spectator document is always a valid page.
void holdSpectator(std::string_view json, bool service_label) {
  postern::presets::spinnaker::SpectatorOptions options;
  options.service_label = service_label;
  options.standard_notation = service_label;
  const auto page = postern::presets::spinnaker::readSpectator(json, options);
  if (!page) return;
  const auto taken =
      read(page->text, postern::fuzz::Syntax::Text, {}, postern::fuzz::kText, 1 << 20);
  require(taken.taken, ("the page is refused, " + taken.what).c_str(), page->text);
  require(taken.text == page->text, "the page is another one", page->text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view json(reinterpret_cast<const char*>(data) + 1, size - 1);
  postern::exposition::detect("application/json", json, postern::presets::jsonFormats());
  holdSpectator(json, (data[0] & 1) != 0);
  if (const auto health = postern::presets::whatsapp::parseHealth(json)) {
    postern::presets::whatsapp::healthFamilies(*health, "1", "a \"customer\"\n");
  }
  if (const auto families = postern::presets::whatsapp::parseStatistics(json)) {
    const auto text = postern::exposition::write(*families, {});
    require(static_cast<bool>(text), "its families are not a page", json);
  }
  return 0;
}
