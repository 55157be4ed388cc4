#include "presets/whatsapp/product.h"

#include <array>
#include <memory>
#include <utility>

#include "config/presets.h"
#include "config/target.h"
#include "presets/whatsapp/health.h"
#include "presets/whatsapp/statistics.h"

namespace postern::presets::whatsapp {
namespace {

using exposition::ConvertedPage;

Result<ConvertedPage> convertStatistics(std::string_view json, const config::PageOrigin&) {
  TRY(auto families, parseStatistics(json));
  TRY(auto text, exposition::write(std::move(families), {}));
  return ConvertedPage{std::move(text)};
}

Result<ConvertedPage> convertHealth(std::string_view json, const config::PageOrigin& origin) {
  TRY(auto health, parseHealth(json));
  TRY(auto text, exposition::write(healthFamilies(health, origin.target, origin.company), {}));
  return ConvertedPage{std::move(text), 0,
                       std::make_shared<const exposition::Health>(std::move(health))};
}

config::Page makePage(std::string path, const config::JsonFormat& format) {
  config::Page page;
  page.path = std::move(path);
  page.format = format;
  return page;
}

config::Page makeOptionalPage(std::string path, const config::JsonFormat& format,
                              config::milliseconds min_interval) {
  auto page = makePage(std::move(path), format);
  page.required = false;
  page.timeout = config::kOptionalPageTimeout;
  page.min_interval = min_interval;
  return page;
}

// Statistics of the database may slow the service down, and the health page waits for each node in
// turn, so neither is required.
config::Target makeTarget() {
  config::Target target;
  config::Login login;
  login.url = "/v1/users/login";
  login.basic_auth = true;
  login.token.json = "/users/0/token";
  login.expires.emplace().json = "/users/0/expires_after";
  login.logout.emplace().url = "/v1/users/logout";
  target.login = login;
  target.pages = {makePage("/metrics", kStatisticsFormat),
                  makePage("/v1/stats/app", kStatisticsFormat),
                  makeOptionalPage("/v1/stats/db", kStatisticsFormat, std::chrono::minutes(5)),
                  makeOptionalPage("/v1/health", kHealthFormat, std::chrono::minutes(0))};
  return target;
}

constexpr std::array<std::string_view, 1> kStatisticsKeys = {"stats"};
constexpr std::array<std::string_view, 3> kStatisticsFields = {"type", "data", "help"};
constexpr std::array<std::string_view, 1> kHealthKeys = {"health"};
constexpr std::array kFormats = {&kStatisticsFormat, &kHealthFormat};

}  // namespace

constexpr config::JsonFormat kStatisticsFormat{.name = "whatsapp_json",
                                               .convert = convertStatistics,
                                               .top_keys = kStatisticsKeys,
                                               .metric_fields = kStatisticsFields,
                                               .merged = true};

constexpr config::JsonFormat kHealthFormat{
    .name = "whatsapp_health",
    .convert = convertHealth,
    .top_keys = kHealthKeys,
    .health_gauge = {"whatsapp_cluster_health",
                     "Whether the cluster is healthy, by its rule of high availability."},
    .merged = true};

extern const config::Product kProduct;
constexpr config::Product kProduct{.preset = "whatsapp", .target = makeTarget, .formats = kFormats};

}  // namespace postern::presets::whatsapp
