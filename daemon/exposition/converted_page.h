#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace postern::exposition {

// One node of a service, as its health page describes it.
struct Node {
  // In the service's spelling, like on its other pages; "" for a single instance. It is the label
  // `node`.
  std::string name;
  std::string host;                 // the machine; may be empty
  std::string role;                 // may be empty
  std::string status;               // empty when the node answered with errors
  std::vector<std::string> errors;  // "title (code) - details"
  std::string problem = {};         // why it is not connected; empty: it is
};

// The health that a service reports on one page.
struct Health {
  std::vector<Node> nodes;
  bool healthy = false;  // by the product's rule; some nodes may be disconnected
};

// A JSON page after its conversion (config::JsonFormat).
struct ConvertedPage {
  std::string text;                                // Prometheus text 0.0.4
  std::size_t nan_dropped = 0;                     // values that were the string "NaN"
  std::shared_ptr<const Health> health = nullptr;  // null: the page does not report it
};

}  // namespace postern::exposition
