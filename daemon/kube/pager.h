#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "kube/api_client.h"

namespace postern::kube {

// A list request to the API server, in pages of 500.
struct ListRequest {
  std::string doing;  // "listing pods"
  std::string path;
  std::string query{};  // without limit and continue; may be empty
  // The format of a page. Whole objects may be large: the formats below contain only the needed
  // parts.
  std::string accept;
};

inline constexpr const char* kOnlyMetadata =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
inline constexpr const char* kTable = "application/json;as=Table;g=meta.k8s.io;v=v1";

// Receives one page of a list. `first`: the list begins with it, and all earlier pages are
// obsolete.
using TakePage = std::function<void(const Json& page, bool first)>;

// Passes each page to `take`, in order. If the list expires meanwhile (410, api-concepts.md,
// "Retrieving large results sets in chunks"), reads it again from its start, at most three times.
// Errors: those of ApiClient::fetch, and Timeout after a stop request or for a list without an end.
Result<void> eachPage(ApiClient& api, const ListRequest& listing, const std::stop_token& stop,
                      const TakePage& take);

}  // namespace postern::kube
