#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "config/readers.h"
#include "config/syntax.h"

namespace postern::config {
namespace {

constexpr milliseconds kLongestWait = std::chrono::hours(24 * 7);

std::string loginUrlMistake(std::string_view text) {
  return pathMistake(text, true);
}

std::string methodMistake(std::string_view text) {
  for (const std::string_view method : {"POST", "PUT", "GET", "DELETE"}) {
    if (method == text) return {};
  }
  return "is unknown, expected one of POST, PUT, GET, DELETE";
}

void readForm(const YamlValue& value, Pairs& form) {
  form.clear();
  const auto entries = value.entries();
  if (!entries) return;
  for (const auto& [name, key, field] : *entries) {
    const auto text = field.text();
    if (text && field.accept(placeholderMistake(*text, {"username", "password"}))) {
      form.emplace_back(name, *text);
    }
  }
  if (entries->empty()) value.addError("is an empty map, expected at least one field");
}

void readBody(const YamlValue& value, Login& login) {
  YamlMap map(value);
  login.json_body.clear();
  login.form.clear();
  const auto json = map.find("json");
  if (json) readJsonBody(*json, login.json_body);
  const auto form = map.find("form");
  if (form) readForm(*form, login.form);
  map.exclude({"json", "form"});
  if (map.present() && !json && !form) value.addError("holds no body, expected json or form");
  map.refuseUnknown();
}

void readStatuses(const YamlValue& value, Range<std::size_t> range, std::vector<int>& statuses) {
  const auto list = value.list();
  if (!list) return;
  statuses.clear();
  for (const auto& entry : *list) {
    const auto status = entry.number(range);
    if (status) statuses.push_back(static_cast<int>(*status));
  }
}

// Only basic_auth sends the target's credential in Authorization.
std::string loginHeaderNameMistake(std::string_view text) {
  return equalsIgnoringCase(text, "Authorization") ? "" : ownHeaderNameMistake(text);
}

void readLoginHeaders(const YamlValue& value, Login& login) {
  const auto mistake = login.basic_auth ? ownHeaderNameMistake : loginHeaderNameMistake;
  readHeaders(value, mistake, login.http_headers);
}

// A 2xx that is not in `success` counts as a rejection anyway.
void readRejected(const YamlValue& value, Login& login) {
  readStatuses(value, {300, 599}, login.rejected);
  for (const int status : login.rejected) {
    if (std::ranges::count(login.success, status) == 0) continue;
    value.addError(
        fmt::format("lists {}, which is in success as well, expected it in one of them", status));
  }
}

// "" selects the whole response. The quotes are needed: a missing value is a mistake.
void readPointer(YamlMap& map, AnswerPlace& place) {
  const auto value = map.find("json");
  place.whole_json = value && value->node().quoted && value->node().text.empty();
  if (!place.whole_json) map.checked("json", place.json, jsonPointerMistake);
}

void readTokenPlace(const YamlValue& value, AnswerPlace& place) {
  YamlMap map(value);
  place = {};
  readPointer(map, place);
  map.checked("header", place.header, headerNameMistake);
  map.checked("cookie", place.cookie, cookieNameMistake);
  map.exclude({"json", "header", "cookie"});
  if (map.present() && !map.has("json") && !map.has("header") && !map.has("cookie")) {
    value.addError("names no place in the answer, expected json, header or cookie");
  }
  map.refuseUnknown();
}

void readExpiryPlace(const YamlValue& value, AnswerPlace& place) {
  YamlMap map(value);
  place = {};
  readPointer(map, place);
  map.checked("header", place.header, headerNameMistake);
  map.exclude({"json", "header"});
  if (map.present() && !map.has("json") && !map.has("header")) {
    value.addError("names no place in the answer, expected json or header");
  }
  map.refuseUnknown();
}

void readLogout(const YamlValue& value, Logout& logout) {
  YamlMap map(value);
  map.checked("method", logout.method, methodMistake);
  map.checked("url", logout.url, loginUrlMistake);
  if (logout.url.empty() && !map.has("url")) map.need("url");
  map.refuseUnknown();
}

void readBackoff(const YamlValue& value, BackoffOptions& backoff) {
  constexpr Range<milliseconds> kWait = {milliseconds(1), kLongestWait};
  YamlMap map(value);
  map.duration("initial", backoff.initial, kWait);
  map.duration("max", backoff.max, kWait);
  map.duration("rejected", backoff.rejected, kWait);
  map.duration("throttled", backoff.throttled, kWait);
  map.number("max_rejected", backoff.max_rejected, {1, 1000});
  map.duration("retry_rejected", backoff.retry_rejected, {milliseconds(0), kLongestWait});
  if (backoff.initial > backoff.max) {
    value.addError(fmt::format("initial is longer than max, expected {} to be at most {}",
                               showDuration(backoff.initial), showDuration(backoff.max)));
  }
  map.refuseUnknown();
}

// Formats the complete header, with one space after the colon.
void readSendAs(YamlMap& map, std::string& send_as) {
  map.checked("send_as", send_as, sendAsMistake);
  const auto colon = send_as.find(':');
  const auto value = std::min(send_as.find_first_not_of(' ', colon + 1), send_as.size());
  send_as = fmt::format("{}: {}", send_as.substr(0, colon), send_as.substr(value));
}

void refuseIncomplete(YamlMap& map, const Login& login) {
  if (!map.present()) return;
  if (login.url.empty() && !map.has("url")) map.need("url");
  if (login.token == AnswerPlace{} && !map.has("token")) map.need("token");
  if (!login.basic_auth && login.json_body.empty() && login.form.empty() && !map.has("body")) {
    map.value().addError("sends no credential, expected basic_auth: true or a body");
  }
  if (login.logout_at_exit && !login.logout && !map.has("logout")) {
    map.find("logout_at_exit")->addError("is true without a logout, expected logout");
  }
}

}  // namespace

void readLogin(const YamlValue& value, Login& login) {
  YamlMap map(value);
  map.checked("url", login.url, loginUrlMistake);
  map.checked("method", login.method, methodMistake);
  map.boolean("basic_auth", login.basic_auth);
  if (const auto body = map.find("body")) readBody(*body, login);
  if (const auto headers = map.find("http_headers")) readLoginHeaders(*headers, login);
  if (const auto success = map.find("success")) {
    readStatuses(*success, {200, 399}, login.success);
  }
  if (const auto rejected = map.find("rejected")) readRejected(*rejected, login);
  if (const auto token = map.find("token")) readTokenPlace(*token, login.token);
  if (const auto expires = map.find("expires")) {
    readExpiryPlace(*expires, login.expires.emplace());
  }
  if (!login.token.cookie.empty() && !map.has("send_as")) {
    login.send_as = fmt::format("Cookie: {}={{{{token}}}}", login.token.cookie);
  }
  readSendAs(map, login.send_as);
  if (const auto logout = map.find("logout")) {
    readLogout(*logout, login.logout ? *login.logout : login.logout.emplace());
  }
  map.boolean("logout_at_exit", login.logout_at_exit);
  if (const auto backoff = map.find("backoff")) readBackoff(*backoff, login.backoff);
  refuseIncomplete(map, login);
  map.refuseUnknown();
}

}  // namespace postern::config
