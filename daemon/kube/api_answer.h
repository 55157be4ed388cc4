#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "kube/json.h"

namespace postern::kube {

// What the API server answered. Apart from the client, as few of its users look into a document.
struct ApiAnswer {
  int status = 0;
  Json body;  // discarded when the answer was no JSON; may hold a secret
  // What the API server says of a refusal, printable; else empty.
  std::string message;

  bool good() const { return status >= 200 && status < 300; }
};

}  // namespace postern::kube
