#include "fake_whatsapp/pages.h"

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace postern::testing {
namespace {

using Json = nlohmann::ordered_json;

struct Sample {
  std::vector<std::pair<std::string, std::string>> labels;
  double value;
};

struct Family {
  std::string name;
  std::string type;
  std::string help;
  std::vector<Sample> samples;
};

constexpr const char* kNode = "06475793be9d";
constexpr const char* kShards[] = {"10.0.0.1:wa-core-0", "10.0.0.2:wa-master-0"};

Json meta() {
  return {{"version", "v2.45.1"}, {"api_status", "stable"}};
}

Family simple(const char* name, const char* type, const char* help, double value) {
  return {name, type, help, {{{{"node", kNode}}, value}}};
}

Family requests(const char* name, const char* help, double scale) {
  return {name,
          "counter",
          help,
          {{{{"node", kNode}, {"result", "200"}, {"method", "GET_v1_groups"}}, 9 * scale},
           {{{"node", kNode}, {"result", "200"}, {"method", "POST_v1_settings_backup"}}, scale}}};
}

Family coreRequests(const char* name, const char* help, double value) {
  return {name, "counter", help, {{{{"node", kNode}, {"app", "core:1.0"}, {"result", ""}}, value}}};
}

std::vector<Family> webFamilies(const Behaviour& behaviour) {
  std::vector<Family> families = {
      simple("web_uptime", "gauge", "Number of seconds since web server has started", 348842),
      simple("web_connections", "counter", "Total number of connections accepted", 23781),
      simple("web_pending_connections", "gauge", "Number of pending connections", 0),
      simple("web_max_pending_connections", "gauge", "Maximum of pending connections", 3),
      simple("web_queue_len", "gauge", "Length of the queue of connections", 128),
      simple("web_idle_processes", "gauge", "Number of idle processes", 31),
      simple("web_total_processes", "gauge", "Number of processes", 32),
      simple("web_process_limit_hit", "counter", "How often the process limit was hit", 0),
      simple("web_handled_requests", "counter", "Total number of requests handled", 23780),
      simple("web_out_kbytes", "counter", "Total number of kilobytes sent", 40.5),
      {"web_requests",
       "gauge",
       "Number of ongoing requests",
       {{{{"node", kNode}, {"state", "read"}}, 1},
        {{{"node", kNode}, {"state", "handle-request"}}, 2}}},
      requests("api_requests_duration_ms_sum", "Total number of durations of API requests", 753),
      requests("api_requests_duration_ms_count", "Total number of API requests", 1),
      requests("api_requests_db_duration_ms_sum", "Total number of durations in the database", 41),
      requests("api_requests_db_duration_ms_count", "Total number of database requests", 1),
      coreRequests("api_requests_coreapp_duration_ms_sum", "Total of durations in the core", 870),
      coreRequests("api_requests_coreapp_duration_ms_count", "Total of core requests", 28),
  };
  if (behaviour.unescaped_label) {
    families.push_back({"web_agents",
                        "gauge",
                        "Clients by agent",
                        {{{{"node", kNode}, {"agent", R"(the "best" agent \ 2)"}}, 1}}});
  }
  return families;
}

std::vector<Family> statsFamilies(std::string_view kind) {
  if (kind == "app") {
    return {{"callback_queue_size", "gauge", "Current callback queue size", {{{}, 450}}},
            {"callback_requests_duration_ms_count",
             "counter",
             "Total number of callback requests",
             {{{{"result", "success"}, {"type", "inbound_message"}}, 2},
              {{{"result", "1"}, {"type", "status_change"}}, 28}}}};
  }
  return {{"db_messages",
           "gauge",
           "Current number of messages in DB",
           {{{{"type", "undefined"}}, 2}, {{{"type", "system"}}, 1}}}};
}

Json value(double number) {
  const auto whole = static_cast<long long>(number);
  return static_cast<double>(whole) == number ? Json(whole) : Json(number);
}

Json emptyMap(const Behaviour& behaviour) {
  return behaviour.empty_maps ? Json::array() : Json::object();
}

Json familyJson(const Family& family, const Behaviour& behaviour) {
  Json data = Json::array();
  for (const Sample& sample : family.samples) {
    Json entry = Json::object();
    if (!sample.labels.empty()) {
      for (const auto& [name, text] : sample.labels) entry["labels"][name] = text;
    } else if (behaviour.empty_maps) {
      entry["labels"] = Json::array();
    }
    entry["value"] = value(sample.value);
    data.push_back(std::move(entry));
  }
  return {{"data", std::move(data)}, {"help", family.help}, {"type", family.type}};
}

// The sample has {"bucket":{"<le>":<count>},"sum":S,"count":C} instead of a value.
Json histogramJson() {
  Json entry = {{"labels", {{"method", "send"}}}};
  entry["bucket"] = {{"5", 3}, {"25", 7}, {"100", 9}, {"+Inf", 10}};
  entry["sum"] = 312.5;
  entry["count"] = 10;
  return {{"data", Json::array({entry})}, {"help", "Time to hand over"}, {"type", "histogram"}};
}

Json nodeStats(std::string_view kind, const Behaviour& behaviour) {
  Json families = Json::object();
  for (const Family& family : statsFamilies(kind)) {
    families[family.name] = familyJson(family, behaviour);
  }
  if (kind == "app") families["handover_duration_ms"] = histogramJson();
  return families;
}

Json node(const char* status, const char* role) {
  Json entry = {{"gateway_status", status}};
  if (role != nullptr) entry["role"] = role;
  return entry;
}

}  // namespace

std::string loginAnswer(const std::string& token, std::chrono::system_clock::time_point expires) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(expires);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S+00:00", &utc);
  Json user = {{"token", token}, {"expires_after", text.data()}};
  return Json{{"users", Json::array({user})}, {"meta", meta()}}.dump();
}

std::string errorAnswer(int code, std::string_view title, std::string_view details) {
  Json error = {{"code", code}, {"title", title}};
  if (!details.empty()) error["details"] = details;
  return Json{{"meta", meta()}, {"errors", Json::array({error})}}.dump();
}

std::string metricsJson(const Behaviour& behaviour) {
  Json families = Json::object();
  for (const Family& family : webFamilies(behaviour)) {
    Json document = familyJson(family, behaviour);
    families[family.name] = {
        {"type", document["type"]}, {"help", document["help"]}, {"data", document["data"]}};
  }
  return Json{{"metrics", std::move(families)}, {"meta", meta()}}.dump();
}

std::string metricsText(const Behaviour& behaviour) {
  std::string page;
  for (const Family& family : webFamilies(behaviour)) {
    page += "# HELP " + family.name + " " + family.help + "\n# TYPE " + family.name + " " +
            family.type + "\n";
    for (const Sample& sample : family.samples) {
      std::string labels;
      for (const auto& [name, text] : sample.labels) {
        if (!labels.empty()) labels += ',';
        labels.append(name).append(R"(=")").append(text).append(R"(")");
      }
      page += family.name + "{" + labels + "} " + value(sample.value).dump() + "\n";
    }
  }
  return page;
}

std::string statsJson(std::string_view kind, bool internal, const Behaviour& behaviour) {
  Json stats = nodeStats(kind, behaviour);
  if (behaviour.multiconnect) {
    Json shards = Json::object();
    shards[kShards[0]] = kind == "db" ? emptyMap(behaviour) : stats;
    shards[kShards[1]] = stats;
    stats = std::move(shards);
  }
  if (internal) stats = Json{{"internal", std::move(stats)}};
  return Json{{"stats", {{std::string(kind), std::move(stats)}}}}.dump();
}

std::string healthJson(const Behaviour& behaviour) {
  const std::string core =
      behaviour.multiconnect ? kShards[0] : "10.210.72.103:wa-core-447418342132-0";
  const std::string master =
      behaviour.multiconnect ? kShards[1] : "10.210.71.117:wa-master-447418342132-0";
  Json health;
  if (behaviour.health == "multi") {
    health[master] = node("disconnected", "primary_master");
    health[core] = node("connected", "coreapp");
  } else if (behaviour.health == "disconnected") {
    health[master] = node("disconnected", "primary_master");
    health[core] = node("disconnected", "coreapp");
  } else if (behaviour.health == "no_role") {
    health[core] = node("connected", nullptr);
  } else if (behaviour.health == "errors") {
    const Json error = {
        {"title", "Service not ready"}, {"code", 1011}, {"details", "Wacore is not instantiated."}};
    health[core] = {{"errors", Json::array({error})}};
  } else {
    health = node("connected", nullptr);
  }
  return Json{{"health", std::move(health)}, {"meta", meta()}}.dump();
}

std::string bulkSamples(std::size_t number) {
  std::string block;
  for (int line = 0; line < 1024; ++line) {
    block.append("bulk_samples_").append(std::to_string(number)).append(R"({block=")");
    block.append(std::to_string(number))
        .append(R"(",line=")")
        .append(std::to_string(line))
        .append(R"(",path="/v1/messages"} )");
    block.append(std::to_string(line)).append("\n");
  }
  return block;
}

}  // namespace postern::testing
