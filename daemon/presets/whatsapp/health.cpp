#include "presets/whatsapp/health.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/metric_text.h"
#include "exposition/json.h"

namespace postern::presets::whatsapp {

using namespace exposition;  // NOLINT(google-build-using-namespace)

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::array<std::string_view, 5> kStatuses = {"connected", "connecting", "disconnected",
                                                       "uninitialized", "unregistered"};

bool isConnected(const Node& node) {
  return node.errors.empty() && node.status == "connected";
}

// One error of a node as "title (code) - details". Omits absent parts.
Result<std::string> readError(ondemand::object error, const JsonPlace& where) {
  std::string title;
  std::string code;
  std::string details;
  for (auto field : error) {
    std::string_view key;
    ondemand::value value;
    auto failed = field.unescaped_key().get(key);
    if (!failed) failed = field.value().get(value);
    if (failed) return jsonError(where, failed);
    std::string* part = key == "title"     ? &title
                        : key == "code"    ? &code
                        : key == "details" ? &details
                                           : nullptr;
    if (part == nullptr) continue;
    TRY(auto text, scalarText(value, where.member(key)));
    *part = text;
  }
  std::string said = title.empty() ? "unnamed error" : title;
  if (!code.empty()) said.append(" (").append(code).append(")");
  if (!details.empty()) said.append(" - ").append(details);
  return said;
}

Result<void> readErrors(ondemand::value& value, const JsonPlace& where, Node& node) {
  const auto list = where.member("errors");
  TRY(auto errors, readList(value, list));
  std::size_t position = 0;
  for (auto element : errors) {
    const auto at = list.element(position++);
    ondemand::value item;
    if (const auto failed = element.get(item)) return jsonError(at, failed);
    TRY(auto error, readObject(item, at));
    TRY(auto said, readError(error, at));
    node.errors.push_back(std::move(said));
  }
  return {};
}

// Reads the field if it describes a node.
Result<bool> readNodeField(std::string_view key, ondemand::value& value, const JsonPlace& where,
                           Node& node) {
  if (key == "errors") {
    TRY_VOID(readErrors(value, where, node));
    return true;
  }
  if (key != "gateway_status" && key != "role") return false;
  TRY(auto text, scalarText(value, where.member(key)));
  (key == "role" ? node.role : node.status) = text;
  return true;
}

// An address may contain ':', a container's name does not.
Node namedNode(std::string_view key) {
  Node node;
  node.name = key;
  const std::size_t colon = key.rfind(':');
  if (colon != std::string_view::npos) node.host = key.substr(0, colon);
  return node;
}

Result<Node> readNode(std::string_view key, ondemand::value& value) {
  Node node = namedNode(key);
  const JsonPlace health("health");
  const auto where = health.member(key);
  TRY(auto object, readObject(value, where));
  for (auto field : object) {
    std::string_view name;
    ondemand::value part;
    auto failed = field.unescaped_key().get(name);
    if (!failed) failed = field.value().get(part);
    if (failed) return jsonError(where, failed);
    TRY_VOID(readNodeField(name, part, where, node));
  }
  if (node.status.empty() && node.errors.empty()) {
    return jsonError(where, "expected gateway_status or errors, found neither");
  }
  return node;
}

// A single instance has its fields where a cluster has its nodes.
Result<void> readHealth(ondemand::object object, std::vector<Node>& nodes) {
  Node single;
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    auto failed = field.unescaped_key().get(key);
    if (!failed) failed = field.value().get(value);
    if (failed) return jsonError(JsonPlace("health"), failed);
    TRY(auto taken, readNodeField(key, value, JsonPlace("health"), single));
    if (taken) continue;
    TRY(auto node, readNode(key, value));
    nodes.push_back(std::move(node));
  }
  if (!single.status.empty() || !single.errors.empty()) nodes.push_back(std::move(single));
  return {};
}

Result<std::vector<Node>> readRoot(ondemand::object root) {
  std::vector<Node> nodes;
  bool known = false;
  for (auto field : root) {
    std::string_view key;
    ondemand::value value;
    auto failed = field.unescaped_key().get(key);
    if (!failed) failed = field.value().get(value);
    if (failed) return jsonError(JsonPlace(), failed);
    if (key != "health") continue;
    known = true;
    TRY(auto health, readMap(value, JsonPlace(key)));
    if (!health) continue;
    TRY_VOID(readHealth(*health, nodes));
  }
  if (!known) return jsonError(JsonPlace(), "missing `health`");
  return nodes;
}

void appendSample(Families& page, Family& family, std::initializer_list<Label> labels, bool on) {
  char before = '{';
  family.samples += family.name;
  for (const Label& label : labels) {
    family.samples += before;
    before = ',';
    family.samples.append(label.name).append("=\"").append(escapeLabelValue(label.value));
    family.samples += '"';
  }
  family.samples += on ? "} 1\n" : "} 0\n";
  ++page.samples;
}

// The members of the state set in their order: exactly one of them is on.
void appendStatus(Families& page, Family& family, const Node& node) {
  const std::string_view status = node.errors.empty() ? std::string_view(node.status) : "error";
  bool known = false;
  for (const std::string_view member : kStatuses) {
    known = known || member == status;
    appendSample(page, family, {{"node", node.name}, {"role", node.role}, {"status", member}},
                 member == status);
  }
  if (known) return;
  appendSample(page, family, {{"node", node.name}, {"role", node.role}, {"status", status}}, true);
}

}  // namespace

Result<Health> parseHealth(std::string_view json) {
  JsonDocument page(json);
  TRY(auto root, page.root());
  auto nodes = readRoot(root);
  if (!nodes) return page.located(std::move(nodes).error());
  TRY_VOID(page.checkEnd());
  if (nodes->empty()) {
    return Error{.fault = Fault::Empty, .what = "the page names no node"};
  }
  for (Node& node : *nodes) node.problem = whyNotConnected(node);
  Health health{.nodes = *std::move(nodes)};
  health.healthy = isHealthy(health.nodes);
  return health;
}

bool isHealthy(const std::vector<Node>& nodes) {
  const auto isMaster = [](const Node& node) { return node.role == "primary_master"; };
  const auto isLiveCore = [](const Node& node) {
    return node.role == "coreapp" && isConnected(node);
  };
  if (nodes.empty()) return false;
  if (std::count_if(nodes.begin(), nodes.end(), isMaster) == 1 &&
      std::any_of(nodes.begin(), nodes.end(), isLiveCore)) {
    return true;
  }
  return std::all_of(nodes.begin(), nodes.end(), isConnected);
}

std::string whyNotConnected(const Node& node) {
  if (isConnected(node)) return "";
  std::string why = node.status;
  for (const auto& error : node.errors) why += (why.empty() ? "" : "; ") + error;
  return why;
}

Families healthFamilies(const Health& health, std::string_view customer,
                        std::string_view customer_name) {
  Family up{"whatsapp_node_up",
            "gauge",
            "Whether the node of the WhatsApp cluster is connected and answered without errors.",
            {}};
  Family status{"whatsapp_node_status",
                "gauge",
                "The status that the node of the WhatsApp cluster reports, 1 for the current one.",
                {}};
  Family cluster{"whatsapp_cluster_health",
                 "gauge",
                 "Whether the WhatsApp cluster is healthy by the rule of high availability.",
                 {}};
  Families page;
  for (const Node& node : health.nodes) {
    appendSample(page, up, {{"node", node.name}, {"role", node.role}}, isConnected(node));
    appendStatus(page, status, node);
  }
  appendSample(page, cluster, {{"customer", customer}, {"customer_name", customer_name}},
               health.healthy);
  page.families = {std::move(up), std::move(status), std::move(cluster)};
  return page;
}

}  // namespace postern::presets::whatsapp
