#include "kube/native_sidecars.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/printable.h"
#include "kube/listing.h"

namespace postern::kube {
namespace {

constexpr std::chrono::hours kVersionInterval{1};
constexpr std::chrono::minutes kRetry{1};

// Digits at the front of `text`, which go.
std::optional<unsigned> takeNumber(std::string_view& text) {
  unsigned number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return number;
}

// Where the column `name` stands in a row of a Table; none when it has no such column.
std::optional<std::size_t> columnOf(const Json& table, std::string_view name) {
  const auto* const columns = find(table, {"columnDefinitions"});
  if (columns == nullptr || !columns->is_array()) return std::nullopt;
  for (std::size_t i = 0; i < columns->size(); ++i) {
    if (findText((*columns)[i], {"name"}) == name) return i;
  }
  return std::nullopt;
}

std::string cell(const Json& row, std::size_t column) {
  const auto* const cells = find(row, {"cells"});
  if (cells == nullptr || !cells->is_array() || column >= cells->size()) return {};
  const auto& value = (*cells)[column];
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace

bool hasNativeSidecars(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  const auto major = takeNumber(version);
  if (!major || !version.starts_with('.')) return false;
  version.remove_prefix(1);
  const auto minor = takeNumber(version);
  return minor && (*major > 1 || (*major == 1 && *minor >= 29));
}

NativeSidecars::NativeSidecars(ApiClient& api, std::atomic<bool>& supported)
    : api_(api),
      supported_(supported),
      trouble_("asking for the versions of the cluster",
               "native sidecars stay as they were known, and it is asked again in a minute") {}

std::chrono::milliseconds NativeSidecars::ask(const std::stop_token& stop) {
  auto finding = look(stop);
  if (stop.stop_requested()) return kRetry;
  trouble_.note(finding ? Result<void>() : Result<void>(finding.error()));
  if (!finding) return kRetry;
  if (found_ != finding->supported) {
    log::info(finding->supported ? "sidecars are native ones from now on"
                                 : "sidecars are plain containers from now on",
              {{"because", finding->why}});
  }
  found_ = finding->supported;
  supported_ = finding->supported;
  return kVersionInterval;
}

Result<NativeSidecars::Finding> NativeSidecars::look(const std::stop_token& stop) {
  ApiRequest request;
  request.doing = "asking for the version of the API server";
  request.path = "/version";
  const auto version = api_.fetch(request);
  if (!version) return version.error();
  const auto server = findText(*version, {"gitVersion"});
  if (!hasNativeSidecars(server)) {
    return Finding{false, "the API server is " + printable(server) + ", older than 1.29"};
  }
  Finding finding;
  std::size_t nodes = 0;
  bool told = true;
  const auto begin = [&] {
    finding = {true, "the API server and every kubelet are 1.29 or newer"};
    nodes = 0;
  };
  // The table that kubectl prints: a whole node lists every image that it holds.
  const auto take = [&](const Json& table) {
    const auto column = columnOf(table, "Version");
    const auto* const rows = find(table, {"rows"});
    if (!column) told = false;
    if (!column || rows == nullptr || !rows->is_array()) return;  // null: a page without nodes
    for (const auto& row : *rows) {
      ++nodes;
      const auto kubelet = cell(row, *column);
      if (!finding.supported || hasNativeSidecars(kubelet)) continue;
      finding = {false, "the kubelet of node " + printable(cell(row, 0)) + " is " +
                            printable(kubelet) + ", older than 1.29"};
    }
  };
  const Listing listing{"listing nodes", "/api/v1/nodes", "includeObject=None", kTable};
  auto listed = eachPage(api_, listing, stop, begin, take);
  if (!listed) return std::move(listed).error();
  if (!told) {
    return Error{
        Fault::Format, "listing nodes: the API server does not tell their versions", {}, {}};
  }
  if (nodes == 0) return Finding{false, "the cluster has no node yet"};
  return finding;
}

}  // namespace postern::kube
