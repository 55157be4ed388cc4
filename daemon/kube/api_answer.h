#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "kube/json.h"

namespace postern::kube {

// A response of the API server. Separate from the client, because few of its users read documents.
struct ApiAnswer {
  int status = 0;
  Json body;  // discarded if the response was not JSON; may contain a secret
  // The API server's message about a refusal, printable; otherwise empty.
  std::string message;

  bool good() const { return status >= 200 && status < 300; }
};

}  // namespace postern::kube
