#include "kube/json.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

namespace postern::kube {
namespace {

// The deepest nesting and the number of values, or a little more.
struct Size {
  std::size_t depth = 0;
  std::size_t values = 1;
};

Size sizeOf(std::string_view text) {
  Size size;
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') ++i;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '{' || c == '[') {
      size.depth = std::max(size.depth, ++depth);
      ++size.values;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    } else if (c == ',') {
      ++size.values;
    }
  }
  return size;
}

}  // namespace

std::optional<Json> parseJson(std::string_view text, std::string& wrong) {
  const auto size = sizeOf(text);
  if (size.depth > kMostDepth) {
    wrong = fmt::format("nests deeper than {} levels", kMostDepth);
    return std::nullopt;
  }
  if (size.values > kMostValues) {
    wrong = fmt::format("holds more than {} values", kMostValues);
    return std::nullopt;
  }
  auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_discarded()) return json;
  wrong = text.empty() ? "is empty, expected JSON" : "is not JSON, or is incomplete";
  return std::nullopt;
}

std::optional<std::string> duplicateKeyIn(std::string_view text) {
  using Event = Json::parse_event_t;
  std::optional<std::string> duplicate;
  std::vector<std::set<std::string>> open;  // the keys of each map that is not closed yet
  const auto onEvent = [&](int, Event event, Json& parsed) {
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end) open.pop_back();
    if (event != Event::key || duplicate) return true;
    auto key = parsed.get<std::string>();
    if (!open.back().insert(key).second) duplicate = std::move(key);
    return true;
  };
  // Only the callback is of interest.
  const auto parsed = Json::parse(text, onEvent, /*allow_exceptions=*/false);
  return parsed.is_discarded() ? std::nullopt : duplicate;
}

const Json* find(const Json& document, std::initializer_list<std::string_view> keys) {
  const Json* at = &document;
  for (const auto key : keys) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end() || found->is_null()) return nullptr;
    at = &*found;
  }
  return at;
}

std::string_view findText(const Json& document, std::initializer_list<std::string_view> keys) {
  const auto* found = find(document, keys);
  if (found == nullptr || !found->is_string()) return {};
  return *found->get_ptr<const std::string*>();
}

const Json& findList(const Json& document, std::initializer_list<std::string_view> keys) {
  static const Json kNone = Json::array();
  const auto* found = find(document, keys);
  return found != nullptr && found->is_array() ? *found : kNone;
}

std::string write(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace postern::kube
