#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exposition/families.h"

namespace postern::exposition {

// One node of WhatsApp's /v1/health.
struct Node {
  // The key in the service's spelling, "host:container", like the node names of the statistics
  // pages; "" for a single instance. It is the label `node`.
  std::string name;
  std::string host;                 // the part of the key before the last ':'
  std::string role;                 // primary_master, secondary_master, coreapp, or empty
  std::string status;               // gateway_status; empty when the node answered with errors
  std::vector<std::string> errors;  // "title (code) - details"
};

struct Health {
  std::vector<Node> nodes;
  bool healthy = false;  // by the rule of high availability, see isHealthy
};

// Errors: Format (with the place), Empty when no node is named.
Result<Health> parseWhatsappHealth(std::string_view json);

// A node is connected if it says so and reports no errors. A cluster with exactly one primary
// master is healthy when any of its cores is connected, whatever the others say. Every other
// cluster, and one without a connected core, is healthy when all of its nodes are connected. A
// cluster without nodes is not healthy.
bool isHealthy(const std::vector<Node>& nodes);

// Why the node is not connected: "disconnected", or its errors; empty when it is connected.
std::string whyNotConnected(const Node& node);

// whatsapp_node_up{node,role}, the state set whatsapp_node_status{node,role,status} and
// whatsapp_cluster_health{customer,customer_name}. The status of a node with errors is "error". An
// undocumented status becomes a member of its own.
Families healthFamilies(const Health& health, std::string_view customer,
                        std::string_view customer_name);

}  // namespace postern::exposition
