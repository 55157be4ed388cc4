#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "kube/api_client.h"

namespace postern::kube {

// A list of the API server, asked for in pages of 500.
struct Listing {
  std::string doing;  // "listing pods"
  std::string path;
  std::string query{};  // without limit and continue; may be empty
  // The form of a page. Whole objects may be large: the forms below hold what is needed of them.
  std::string accept;
};

inline constexpr const char* kMetadataAlone =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
inline constexpr const char* kTable = "application/json;as=Table;g=meta.k8s.io;v=v1";

// Takes a page of a list. `first`: the list begins with it, and what was taken before is obsolete.
using TakePage = std::function<void(const Json& page, bool first)>;

// Gives each page to `take`, in order. When the list has become too old to go on with (410,
// api-concepts.md, "Retrieving large results sets in chunks"), it is read from its beginning again,
// three times at most. Errors: those of ApiClient::fetch, and Timeout when it was asked to stop, or
// there is no end of pages.
Result<void> eachPage(ApiClient& api, const Listing& listing, const std::stop_token& stop,
                      const TakePage& take);

}  // namespace postern::kube
