#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

// JSON as the API server sends and takes it, from senders that may be hostile.
namespace postern::kube {

using Json = nlohmann::json;

// What a document may have, far beyond any pod; it bounds the stack and the memory that the
// document takes: 64 bytes a value, about.
inline constexpr std::size_t kMostDepth = 64;
inline constexpr std::size_t kMostValues = 200'000;

// Nothing after setting `wrong`, which quotes nothing of `text`.
std::optional<Json> parseJson(std::string_view text, std::string& wrong);

// The first key that a map of `text`, which is JSON, has twice; parseJson() keeps the last value.
std::optional<std::string> duplicateKeyIn(std::string_view text);

// What stands at the end of these keys; null when a key is not there, or when null stands there.
// The pointer dies with `document`.
const Json* find(const Json& document, std::initializer_list<std::string_view> keys);
// The text that stands there; empty when there is none.
std::string_view findText(const Json& document, std::initializer_list<std::string_view> keys);
// The list that stands there; an empty one when there is none.
const Json& findList(const Json& document, std::initializer_list<std::string_view> keys);

// On one line. Bytes that are no UTF-8 become U+FFFD.
std::string write(const Json& json);

}  // namespace postern::kube
