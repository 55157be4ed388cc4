#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

// JSON of the Kubernetes API, from senders that may be hostile.
namespace postern::kube {

using Json = nlohmann::json;

// Limits of a document, far beyond any pod. They bound the stack and the memory of the document:
// about 64 bytes per value.
inline constexpr std::size_t kMostDepth = 64;
inline constexpr std::size_t kMostValues = 200'000;

// On failure returns nothing and sets `wrong`, which quotes nothing of `text`.
std::optional<Json> parseJson(std::string_view text, std::string& wrong);

// The first duplicate key in a map of `text`, which is JSON; parseJson() keeps the last value.
std::optional<std::string> duplicateKeyIn(std::string_view text);

// The value at this path of keys; null if a key is missing or the value is null. The pointer dies
// with `document`.
const Json* find(const Json& document, std::initializer_list<std::string_view> keys);
// The string at this path; empty if the value is missing or not a string.
std::string_view findText(const Json& document, std::initializer_list<std::string_view> keys);
// The list at this path; empty if the value is missing or not a list.
const Json& findList(const Json& document, std::initializer_list<std::string_view> keys);

// On one line. Bytes that are not UTF-8 become U+FFFD.
std::string write(const Json& json);

}  // namespace postern::kube
