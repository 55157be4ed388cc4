#include "config/presets.h"

#include <utility>

namespace postern::config {
namespace {

Page makePage(std::string path, Format format) {
  Page page;
  page.path = std::move(path);
  page.format = format;
  return page;
}

Page makeOptionalPage(std::string path, Format format, milliseconds min_interval) {
  auto page = makePage(std::move(path), format);
  page.required = false;
  page.timeout = kOptionalPageTimeout;
  page.min_interval = min_interval;
  return page;
}

// The WhatsApp Business on-premises client. Statistics of the database may slow the service
// down, and the health page waits for each node in turn, so neither is required.
Target makeWhatsapp() {
  Target target;
  target.preset = "whatsapp";
  Login login;
  login.url = "/v1/users/login";
  login.basic_auth = true;
  login.token.json = "/users/0/token";
  login.expires.emplace().json = "/users/0/expires_after";
  login.logout.emplace().url = "/v1/users/logout";
  target.login = login;
  target.pages = {makePage("/metrics", Format::WhatsappJson),
                  makePage("/v1/stats/app", Format::WhatsappJson),
                  makeOptionalPage("/v1/stats/db", Format::WhatsappJson, minutes(5)),
                  makeOptionalPage("/v1/health", Format::WhatsappHealth, minutes(0))};
  return target;
}

// A service of Spinnaker. Without tagNameRegex its page has no tags.
Target makeSpinnaker() {
  Target target;
  target.preset = "spinnaker";
  target.pages = {makePage("/spectator/metrics", Format::SpectatorJson)};
  target.pages.front().params = {{"tagNameRegex", ".*"}};
  return target;
}

}  // namespace

std::optional<Target> makePreset(std::string_view name) {
  if (name == "whatsapp") return makeWhatsapp();
  if (name == "spinnaker") return makeSpinnaker();
  if (name != "none") return std::nullopt;
  Target target;
  target.pages = {makePage("/metrics", Format::Auto)};
  return target;
}

std::string unknownPreset() {
  return "is unknown, expected none, spinnaker or whatsapp";
}

}  // namespace postern::config
