#include "web/legacy_endpoints.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "web/assets.h"
#include "web/html.h"
#include "web/json.h"
#include "web/metrics_text.h"
#include "web/page.h"
#include "web/target_state.h"

namespace postern::web {
namespace {

// "2019-10-16 16:01:05.571045Z"
std::string elixirTime(SystemTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time - whole).count();
  std::string text = rfc3339(whole);
  text.replace(text.find('T'), 1, " ");
  text.pop_back();
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(micros));
  return text + fraction.data();
}

// The page of the target's health; the number of pages when it has none.
std::size_t healthPage(const std::vector<config::Page>& pages) {
  const auto found =
      std::ranges::find_if(pages, [](const auto& page) { return page.format.reportsHealth(); });
  return static_cast<std::size_t>(found - pages.begin());
}

std::string healthGauge(const TargetView& target, const config::HealthGauge& gauge, bool healthy) {
  MetricsText text;
  text.family(gauge.name, "gauge", gauge.help);
  text.sample({{"customer", target.config->name},
               {"customer_name", target.credential ? target.credential->company_name : ""}},
              healthy ? 1.0 : 0.0);
  return text.take();
}

std::string upGauge(const TargetView& target) {
  MetricsText text;
  text.family("postern_up", "gauge", "Whether the last scrape of the target succeeded.");
  text.sample({{"target", target.config->name}}, 1.0);
  return text.take();
}

std::string row(std::string_view target, std::string_view what, std::string_view state,
                std::string_view words) {
  return fmt::format("<tr><td>{}</td><td>{}</td><td class=\"{}\">{}</td></tr>\n",
                     escapeHtml(target), escapeHtml(what), state, escapeHtml(words));
}

// A class of style.css.
const char* colorOf(TargetState::Condition state) {
  switch (state) {
    case TargetState::Condition::Ok: return "good";
    case TargetState::Condition::Unhealthy:
    case TargetState::Condition::Failing: return "bad";
    case TargetState::Condition::Unknown: break;
  }
  return "soft";
}

std::string rowsOfNodes(const HealthPage& page) {
  std::string rows;
  for (const auto& node : page.health->nodes) {
    const auto& why = node.problem;
    const char* color = why.empty() ? "good" : page.health->healthy ? "soft" : "bad";
    std::string named = node.name.empty() ? "the only node" : node.name;
    if (!node.role.empty()) named += fmt::format(" ({})", node.role);
    rows += row("", named, color,
                fmt::format("{}, read {}", why.empty() ? node.status : why, rfc3339(page.as_of)));
  }
  return rows;
}

std::string rowsOf(const TargetView& target, const TargetState& target_state) {
  std::string words = target_state.words;
  if (target_state.fault)
    words +=
        fmt::format(" ({}: {})", faultName(target_state.fault->fault), target_state.fault->what);
  std::string rows = row(target.config->name, "", colorOf(target_state.state), words);
  if (target.counts.fault) return rows;
  const auto pages = healthPages(target);
  for (const auto& page : pages) {
    if (page.health) {
      rows += rowsOfNodes(page);
    } else if (target.counts.scraped) {
      rows +=
          row("", "", "soft", fmt::format("page {} failed, so the nodes are unknown", page.page));
    }
  }
  return rows;
}

const char* headlineOf(TargetState::Condition all) {
  switch (all) {
    case TargetState::Condition::Ok: return "All targets are healthy.";
    case TargetState::Condition::Unhealthy:
    case TargetState::Condition::Failing: return "Not all targets are healthy.";
    case TargetState::Condition::Unknown: break;
  }
  return "The health of some targets is unknown.";
}

}  // namespace

std::string heartbeat() {
  return write({{"msg", "postern is alive"}});
}

std::string statistics(const TargetViews& targets, const Self& self) {
  std::uint64_t scrapes = 0;
  std::uint64_t failed = 0;
  std::uint64_t shared = 0;
  std::uint64_t logins = 0;
  std::size_t dropped = 0;
  for (const auto& target : targets) {
    const auto& counts = target.counts;
    scrapes += counts.scrapes;
    for (const auto count : counts.failures) failed += count;
    shared += counts.shared;
    logins += target.session.successes;
    dropped += counts.all.unmatched + counts.all.relabelled + counts.all.excess + counts.all.nan;
  }
  OrderedJson json;
  json["uptime"] = elixirTime(self.started);
  json["total_scrape_count"] = scrapes;
  json["failed_scrape_count"] = failed;
  json["shared_scrape_count"] = shared;
  json["total_login_count"] = logins;
  json["dropped_sample_count"] = dropped;
  json["snapshot"] = nullptr;
  return write(json);
}

std::string externalErrors(const TargetViews& targets) {
  OrderedJson errors = OrderedJson::object();
  for (const auto& target : targets) {
    const auto& counts = target.counts;
    for (const auto& info : kFaults) {
      const auto count = counts.failures[static_cast<std::size_t>(info.fault)];
      if (count > 0) errors[fmt::format("{} : {}", target.config->name, info.name)] = count;
    }
  }
  return write({{"errors", std::move(errors)}});
}

async::Task<http::Reply> sanityReply(scrape::Target& target, const http::Request& request,
                                     std::chrono::milliseconds timeout_offset,
                                     async::Scope& connection) {
  const auto deadline = scrapeDeadline(target, request, timeout_offset);
  const auto& name = target.config().name;
  PageCounter stream;
  const exposition::Output output;
  const auto answer = co_await target.scrape(deadline, output, stream, connection);
  if (!answer.page) co_return faultReply(name, answer.page.error());
  const auto view = viewOf(target);
  const auto& counts = view.counts;
  const auto page = healthPage(view.config->pages);
  const bool is_known = page < counts.pages.size();
  if (is_known && counts.pages[page]) co_return faultReply(name, *counts.pages[page]);
  const auto health = is_known ? counts.fetch_infos[page].health : nullptr;
  http::Reply reply;
  reply.head.content_type = kTextContentType;
  reply.body = health ? healthGauge(view, view.config->pages[page].format.json->health_gauge,
                                    health->healthy)
                      : upGauge(view);
  co_return reply;
}

http::Reply healthTable(const TargetViews& targets, std::string_view root) {
  std::string rows;
  auto all = TargetState::Condition::Ok;
  for (const auto& target : targets) {
    const auto target_state = stateOf(target);
    rows += rowsOf(target, target_state);
    all = worst(all, target_state.state);
  }
  const std::string table = fmt::format(
      "<table class=\"list\"><tr><th>Target</th><th>Node</th><th>State</th></tr>\n{}</table>",
      rows);
  const HtmlAnswer answer;
  return {answer.head(isWell(all) ? 200 : 503),
          answer.fill(kPlainPage, {{"root", root},
                                   {"title", "Health"},
                                   {"about", "health"},
                                   {"headline", headlineOf(all)},
                                   {"content", table}})};
}

}  // namespace postern::web
