#include "exposition/json.h"

#include "base/printable.h"

namespace postern::exposition {

namespace ondemand = simdjson::ondemand;

Result<ondemand::object> JsonPage::root() {
  ondemand::object object;
  auto error = parser_.iterate(padded_).get(document_);
  if (!error) error = document_.get_object().get(object);
  if (!error) return object;
  const std::string_view page(padded_.data(), padded_.size());
  const std::size_t start = page.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) {
    return jsonError("", "the page is empty, expected a JSON object");
  }
  std::string what = simdjson::error_message(error);
  what.append("; expected a JSON object, found \"").append(printable(page.substr(start)));
  what.append(page[start] == '<' ? "\"; the page looks like HTML" : "\"");
  return jsonError("", what);
}

Result<void> JsonPage::checkEnd() {
  if (document_.current_location().error() == simdjson::OUT_OF_BOUNDS) return {};
  return jsonError("", "more text behind the JSON object");
}

std::string pathTo(std::string_view path, std::string_view key) {
  return std::string(path).append(".").append(key);
}

std::string pathTo(std::string_view path, std::size_t position) {
  return std::string(path).append("[").append(std::to_string(position)).append("]");
}

Error jsonError(std::string_view path, std::string_view what) {
  std::string where = path.empty() ? "JSON: " : "JSON at " + printable(path, 200) + ": ";
  return {.fault = Fault::Format, .what = where.append(what), .next = {}, .retry_after = {}};
}

Error jsonError(std::string_view path, simdjson::error_code code) {
  return jsonError(path, simdjson::error_message(code));
}

std::string_view rawToken(ondemand::value& value) {
  const std::string_view token = value.raw_json_token();
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

Result<std::optional<ondemand::object>> readMap(ondemand::value& value, std::string_view path) {
  ondemand::json_type type{};
  auto error = value.type().get(type);
  if (error) return jsonError(path, error);
  if (type == ondemand::json_type::null) return std::optional<ondemand::object>();
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    bool empty = false;
    error = value.get_array().get(array);
    if (!error) error = array.is_empty().get(empty);
    if (error) return jsonError(path, error);
    if (!empty) return jsonError(path, "expected an object, found a list");
    return std::optional<ondemand::object>();
  }
  ondemand::object object;
  error = value.get_object().get(object);
  if (error) return jsonError(path, error);
  return std::optional<ondemand::object>(object);
}

Result<std::string_view> scalarText(ondemand::value& value, std::string_view path) {
  ondemand::json_type type{};
  auto error = value.type().get(type);
  if (error) return jsonError(path, error);
  switch (type) {
    case ondemand::json_type::string: {
      std::string_view text;
      error = value.get_string().get(text);
      if (error) return jsonError(path, error);
      return text;
    }
    case ondemand::json_type::null: return std::string_view();
    case ondemand::json_type::number:
    case ondemand::json_type::boolean: return rawToken(value);
    default: return jsonError(path, "expected a string or a number");
  }
}

}  // namespace postern::exposition
