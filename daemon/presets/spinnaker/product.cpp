#include "presets/spinnaker/product.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/presets.h"
#include "config/target.h"
#include "exposition/converted_page.h"
#include "presets/spinnaker/spectator.h"

namespace postern::presets::spinnaker {
namespace {

constexpr std::string_view kServiceLabel = "service_label";
constexpr std::string_view kStandardNotation = "standard_notation";

Result<exposition::ConvertedPage> convert(std::string_view json, const config::PageOrigin& origin) {
  const auto isOn = [&](std::string_view option) {
    return std::ranges::count(origin.options, option) > 0;
  };
  TRY(auto page, readSpectator(json, {isOn(kServiceLabel), isOn(kStandardNotation)}));
  return exposition::ConvertedPage{std::move(page.text), page.nan_dropped};
}

// Without tagNameRegex the page has no tags.
config::Target makeTarget() {
  config::Target target;
  auto& page = target.pages.emplace_back();
  page.path = "/spectator/metrics";
  page.format = kSpectatorFormat;
  page.params = {{"tagNameRegex", ".*"}};
  return target;
}

constexpr std::array<std::string_view, 1> kKeys = {"applicationName"};
constexpr std::array<std::string_view, 2> kFields = {"kind", "values"};
constexpr std::array kOptions = {kServiceLabel, kStandardNotation};
constexpr std::array kFormats = {&kSpectatorFormat};

}  // namespace

constexpr config::JsonFormat kSpectatorFormat{.name = "spectator_json",
                                              .convert = convert,
                                              .top_keys = kKeys,
                                              .metric_fields = kFields,
                                              .options = kOptions};

extern const config::Product kProduct;
constexpr config::Product kProduct{
    .preset = "spinnaker", .target = makeTarget, .formats = kFormats};

}  // namespace postern::presets::spinnaker
