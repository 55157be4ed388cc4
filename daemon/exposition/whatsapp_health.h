#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exposition/families.h"

namespace postern::exposition {

// One node of WhatsApp's /v1/health.
struct Node {
  // The key as the service writes it, "host:container", as the statistics pages name the node; ""
  // for a single instance. It is the label `node`.
  std::string name;
  std::string host;                 // what is before the last ':' of the key
  std::string role;                 // primary_master, secondary_master, coreapp, or empty
  std::string status;               // gateway_status, or empty when the node answered with errors
  std::vector<std::string> errors;  // "title (code) - details"
};

struct Health {
  std::vector<Node> nodes;
  bool healthy = false;  // the rule of high availability, see isHealthy
};

// Errors: Format (says where), Empty when no node is named.
Result<Health> parseWhatsappHealth(std::string_view json);

// Connected is a node that says so and reports no errors. A cluster with exactly one primary master
// is healthy when any of its cores is connected, whatever the others say; every other cluster, and
// one of which no core is connected, when all of its nodes are. No node at all is not healthy.
bool isHealthy(const std::vector<Node>& nodes);

// Why the node is not connected, in words; empty when it is: "disconnected", or its errors.
std::string whyNotConnected(const Node& node);

// whatsapp_node_up{node,role}, the state set whatsapp_node_status{node,role,status} and
// whatsapp_cluster_health{customer,customer_name}. The status of a node with errors is "error", and
// one that is not documented becomes a member of its own.
Families healthFamilies(const Health& health, std::string_view customer,
                        std::string_view customer_name);

}  // namespace postern::exposition
