#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "config/readers.h"
#include "config/syntax.h"

namespace postern::config {
namespace {

// Pages are fetched concurrently, so each costs a connection.
constexpr std::size_t kMostPages = 16;

std::string pagePathMistake(std::string_view text) {
  return pathMistake(text, false);
}

void readOptions(YamlMap& map, const JsonFormat& format, Page& page) {
  for (const auto key : format.options) {
    bool on = false;
    map.boolean(key, on);
    if (page.format.json != &format && map.has(key)) {
      map.find(key)->addError(
          fmt::format("is only for format {}, expected that format", format.name));
    } else if (on) {
      page.options.emplace_back(key);
    }
  }
}

void readFormat(YamlMap& map, Products products, Page& page) {
  std::vector<std::pair<std::string_view, PageFormat>> formats = {
      {"auto", Format::Auto}, {"text", Format::Text}, {"openmetrics", Format::OpenMetrics}};
  for (const Product* product : products) {
    for (const JsonFormat* json : product->formats) formats.emplace_back(json->name, *json);
  }
  map.choice<PageFormat>("format", page.format, std::span(std::as_const(formats)));
  for (const Product* product : products) {
    for (const JsonFormat* json : product->formats) readOptions(map, *json, page);
  }
}

void readPage(const YamlValue& value, Products products, Page& page) {
  YamlMap map(value);
  map.need("path");
  map.checked("path", page.path, pagePathMistake);
  readFormat(map, products, page);
  if (const auto params = map.find("params")) readParams(*params, page.params);
  map.boolean("required", page.required);
  if (!page.required) page.timeout = kOptionalPageTimeout;
  map.duration("timeout", page.timeout, {milliseconds(0), minutes(10)});
  map.duration("min_interval", page.min_interval, {milliseconds(0), std::chrono::hours(24)});
  map.refuseUnknown(PrometheusBlock::Page);
}

void appendValues(const YamlValue& value, std::string_view name, Pairs& pairs) {
  const auto list = value.list();
  if (!list) return;
  for (const auto& entry : *list) {
    if (const auto text = entry.text()) pairs.emplace_back(name, *text);
  }
}

void readHeader(const YamlEntry& entry, HttpHeader& header) {
  YamlMap map(entry.value);
  header.name = entry.name;
  const auto each = [&](std::string_view key, auto read) {
    const auto value = map.find(key);
    const auto list = value ? value->list() : std::nullopt;
    if (!list) return;
    for (const auto& item : *list) read(item);
  };
  each("values", [&](const YamlValue& item) {
    if (const auto text = item.text()) header.values.emplace_back(*text);
  });
  each("secrets", [&](const YamlValue& item) {
    if (const auto text = item.text()) header.secrets.emplace_back(*text);
  });
  each("files", [&](const YamlValue& item) {
    if (auto path = item.path()) header.files.push_back(*std::move(path));
  });
  if (map.present() && !map.has("values") && !map.has("secrets") && !map.has("files")) {
    entry.value.addError("has no value, expected values, secrets or files");
  }
  map.refuseUnknown();
}

}  // namespace

void readPages(const YamlValue& value, Products products, std::vector<Page>& pages) {
  const auto list = value.list();
  if (!list) return;
  pages.clear();
  std::set<std::string> paths;
  for (const auto& entry : *list) {
    readPage(entry, products, pages.emplace_back());
    const auto& path = pages.back().path;
    // The path becomes the label `page` of postern_page_up.
    if (!path.empty() && !paths.insert(path).second) {
      entry.addError(fmt::format("path {} is a duplicate, expected it in one page", path));
    }
  }
  if (pages.size() > kMostPages) {
    value.addError(fmt::format("holds {} pages, expected at most {}", pages.size(), kMostPages));
  }
}

void readParams(const YamlValue& value, Pairs& params) {
  const auto entries = value.entries();
  if (!entries) return;
  params.clear();
  for (const auto& entry : *entries) appendValues(entry.value, entry.name, params);
}

void readHeaders(const YamlValue& value, std::string (*mistake)(std::string_view),
                 HttpHeaders& headers) {
  const auto entries = value.entries();
  if (!entries) return;
  headers.clear();
  for (auto entry = entries->begin(); entry != entries->end(); ++entry) {
    entry->key.accept(mistake(entry->name));
    const bool repeated = std::any_of(entries->begin(), entry, [&](const YamlEntry& other) {
      return equalsIgnoringCase(other.name, entry->name);
    });
    if (repeated) entry->key.addError("is a duplicate key, expected it once");
    readHeader(*entry, headers.emplace_back());
  }
}

}  // namespace postern::config
