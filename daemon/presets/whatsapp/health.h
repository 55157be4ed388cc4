#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exposition/converted_page.h"
#include "exposition/families.h"

namespace postern::presets::whatsapp {

// Reads /v1/health. Roles are primary_master, secondary_master and coreapp. Errors: Format (with
// the place), Empty when no node is named.
Result<exposition::Health> parseHealth(std::string_view json);

// A node is connected if it says so and reports no errors. A cluster with exactly one primary
// master is healthy when any of its cores is connected, whatever the others say. Every other
// cluster, and one without a connected core, is healthy when all of its nodes are connected. A
// cluster without nodes is not healthy.
bool isHealthy(const std::vector<exposition::Node>& nodes);

// Why the node is not connected: "disconnected", or its errors; empty when it is connected.
std::string whyNotConnected(const exposition::Node& node);

// whatsapp_node_up{node,role}, the state set whatsapp_node_status{node,role,status} and
// whatsapp_cluster_health{customer,customer_name}. The status of a node with errors is "error". An
// undocumented status becomes a member of its own.
exposition::Families healthFamilies(const exposition::Health& health, std::string_view customer,
                                    std::string_view customer_name);

}  // namespace postern::presets::whatsapp
