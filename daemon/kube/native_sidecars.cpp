#include "kube/native_sidecars.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/printable.h"
#include "kube/pager.h"

namespace postern::kube {
namespace {

constexpr std::chrono::hours kVersionInterval{1};
constexpr std::chrono::minutes kRetry{1};

// Restartable init containers are on by default since 1.29.
constexpr KubernetesVersion kFirst{1, 29};
// A kubelet is at most three minor versions older than the API server ("Version Skew Policy").
constexpr KubernetesVersion kEnough{1, 32};

// Removes the digits at the start of `text`.
std::optional<unsigned> takeNumber(std::string_view& text) {
  unsigned number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return number;
}

// Whether the suffix of a version marks a node without a kubelet: "-vk-azure-aci-1.6.2" of Virtual
// Kubelet, "-kwok" of KWOK.
bool isOfVirtualNode(std::string_view suffix) {
  constexpr std::string_view kSeparators = "-+._";
  constexpr std::array<std::string_view, 4> kNames = {"vk", "virtual", "kwok", "fake"};
  while (!suffix.empty()) {
    const auto end = std::min(suffix.find_first_of(kSeparators), suffix.size());
    if (std::ranges::find(kNames, suffix.substr(0, end)) != kNames.end()) return true;
    suffix.remove_prefix(std::min(end + 1, suffix.size()));
  }
  return false;
}

// The index of the column `name` in a row of a Table; nothing if it is missing.
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

// The kubelet versions of a cluster's nodes.
struct Kubelets {
  std::size_t read = 0;
  std::size_t unread = 0;  // nodes with an unreadable version
  std::string old;         // the first that is too old; may be empty
  std::string example;     // the first of `unread`
};

void addKubelet(const Json& row, std::size_t column, Kubelets& kubelets) {
  const auto text = cell(row, column);
  const auto version = parseKubernetesVersion(text);
  const auto said = fmt::format("node {} is \"{}\"", printable(cell(row, 0)), printable(text));
  if (!version) {
    if (kubelets.unread++ == 0) kubelets.example = said;
    return;
  }
  ++kubelets.read;
  if (*version < kFirst && kubelets.old.empty()) kubelets.old = said;
}

}  // namespace

std::optional<KubernetesVersion> parseKubernetesVersion(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const auto major = takeNumber(text);
  if (!major || *major == 0 || !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  const auto minor = takeNumber(text);
  const bool ends = text.empty() || std::string_view(".+-").find(text[0]) != std::string_view::npos;
  if (!minor || !ends || isOfVirtualNode(text)) return std::nullopt;
  return KubernetesVersion{*major, *minor};
}

NativeSidecars::NativeSidecars(ApiClient& api, std::atomic<bool>& supported)
    : api_(api), supported_(supported) {}

std::chrono::milliseconds NativeSidecars::update(const std::stop_token& stop) {
  auto finding = findOut(stop);
  if (stop.stop_requested()) return kRetry;
  logFailure(failing_, "reading the versions of the cluster",
             finding ? Result<void>() : Result<void>(finding.error()),
             supported_
                 ? "pods get native sidecars as before; postern retries in one minute"
                 : "pods get the sidecar as a plain container; postern retries in one minute");
  if (!finding) return kRetry;
  if (kind_.begins(finding->supported ? "native" : "plain")) {
    log::info(finding->supported ? "pods get native sidecars from now on"
                                 : "pods get the sidecar as a plain container from now on",
              {{"because", finding->why}});
  }
  supported_ = finding->supported;
  return kVersionInterval;
}

Result<NativeSidecars::Finding> NativeSidecars::findOut(const std::stop_token& stop) {
  ApiRequest request;
  request.doing = "reading the version of the API server";
  request.path = "/version";
  TRY(const auto version, api_.fetch(request));
  const auto text = findText(version, {"gitVersion"});
  const auto server = parseKubernetesVersion(text);
  if (!server) {
    return Error{Fault::Format,
                 fmt::format("{}: \"{}\" is not a Kubernetes version, expected one such as v1.34.1",
                             request.doing, printable(text))};
  }
  const std::string the_server = "the API server is " + printable(text);
  if (*server < kFirst) return Finding{false, the_server + ", older than 1.29"};
  if (*server >= kEnough) {
    return Finding{true, the_server +
                             ", whose kubelets are 1.29 or newer, as they are at most "
                             "three minor versions older"};
  }
  return checkKubelets(the_server, stop);
}

Result<NativeSidecars::Finding> NativeSidecars::checkKubelets(const std::string& the_server,
                                                              const std::stop_token& stop) {
  Kubelets kubelets;
  bool versions_known = true;
  // Requests the table that kubectl prints, because a whole node lists all its images.
  const auto read = [&](const Json& table, bool first) {
    if (first) kubelets = {};
    const auto column = columnOf(table, "Version");
    const auto* const rows = find(table, {"rows"});
    if (!column) versions_known = false;
    if (!column || rows == nullptr || !rows->is_array()) return;  // null: a page without nodes
    for (const auto& row : *rows) addKubelet(row, *column, kubelets);
  };
  const ListRequest listing{"listing nodes", "/api/v1/nodes", "includeObject=None", kTable};
  TRY_VOID(eachPage(api_, listing, stop, read));
  if (!versions_known) {
    return Error{Fault::Format, "listing nodes: the API server does not report their versions"};
  }
  if (!kubelets.old.empty()) {
    return Finding{false, fmt::format("{}, and {}, older than 1.29", the_server, kubelets.old)};
  }
  std::string passed_over;
  if (kubelets.unread > 0) {
    passed_over = fmt::format("; {} without a readable version are ignored, such as {}",
                              kubelets.unread, kubelets.example);
  }
  if (kubelets.read == 0)
    return Finding{false, fmt::format("{}, without a kubelet{}", the_server, passed_over)};
  return Finding{true, fmt::format("{}, and its {} kubelets are 1.29 or newer{}", the_server,
                                   kubelets.read, passed_over)};
}

}  // namespace postern::kube
