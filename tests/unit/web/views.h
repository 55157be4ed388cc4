#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "web/target_view.h"

namespace postern::web {

// The time of the tests' views: 2023-11-14T22:13:20Z.
inline constexpr SystemTime kViewedAt{std::chrono::seconds(1'700'000'000)};

inline config::Target configNamed(const std::string& name) {
  config::Target config;
  config.name = name;
  config.url = {"localhost", 3000, ""};
  config.pages = {config::Page{"/metrics", config::Format::Text, {}, true, {}, {}}};
  return config;
}

// A target that nobody has scraped, without a credential, whose material is loaded.
inline TargetView viewWith(config::Target config) {
  TargetView view;
  view.config = std::make_shared<config::Target>(std::move(config));
  view.now = kViewedAt;
  view.materials.resize(1);
  view.materials[0].status.loaded = true;
  return view;
}

// The same after a scrape with every page.
inline TargetView scrapedView(config::Target config) {
  auto view = viewWith(std::move(config));
  view.counts.scraped = true;
  view.counts.since = kViewedAt - std::chrono::seconds(60);
  view.counts.pages.resize(view.config->pages.size());
  view.counts.fetch_infos.resize(view.config->pages.size());
  return view;
}

}  // namespace postern::web
