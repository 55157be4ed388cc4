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
    return jsonError(JsonPlace(), "the page is empty, expected a JSON object");
  }
  std::string what = simdjson::error_message(error);
  what.append("; expected a JSON object, found \"").append(printable(page.substr(start)));
  what.append(page[start] == '<' ? "\"; the page looks like HTML" : "\"");
  return jsonError(JsonPlace(), what);
}

Result<void> JsonPage::checkEnd() {
  if (document_.current_location().error() == simdjson::OUT_OF_BOUNDS) return {};
  return jsonError(JsonPlace(), "more text behind the JSON object");
}

std::string JsonPlace::text() const {
  constexpr std::size_t kMost = 200;
  std::string text = outer_ == nullptr ? std::string() : outer_->text();
  if (position_) return text.append("[").append(std::to_string(*position_)).append("]");
  if (!text.empty() && !key_.empty()) text += '.';
  // One byte more, so that the end shows that it was cut.
  return printable(text.append(key_.substr(0, kMost + 1)), kMost);
}

Error jsonError(const JsonPlace& where, std::string_view what) {
  const auto path = where.text();
  std::string text = path.empty() ? "JSON: " : "JSON at " + path + ": ";
  return {.fault = Fault::Format, .what = text.append(what), .next = {}, .retry_after = {}};
}

Error jsonError(const JsonPlace& where, simdjson::error_code code) {
  return jsonError(where, simdjson::error_message(code));
}

Result<void> JsonGrowth::add(std::size_t bytes) {
  made_ += bytes;
  if (made_ <= most_) return {};
  return Error{.fault = Fault::Limit,
               .what = "the page becomes more than " + std::to_string(most_) +
                       " bytes of text, most of them repeated names, or labels that are filled in",
               .next = {},
               .retry_after = {}};
}

std::string_view rawToken(ondemand::value& value) {
  const std::string_view token = value.raw_json_token();
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

Result<std::optional<ondemand::object>> readMap(ondemand::value& value, const JsonPlace& where) {
  ondemand::json_type type{};
  auto error = value.type().get(type);
  if (error) return jsonError(where, error);
  if (type == ondemand::json_type::null) return std::optional<ondemand::object>();
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    bool empty = false;
    error = value.get_array().get(array);
    if (!error) error = array.is_empty().get(empty);
    if (error) return jsonError(where, error);
    if (!empty) return jsonError(where, "expected an object, found a list");
    return std::optional<ondemand::object>();
  }
  ondemand::object object;
  error = value.get_object().get(object);
  if (error) return jsonError(where, error);
  return std::optional<ondemand::object>(object);
}

Result<std::string_view> scalarText(ondemand::value& value, const JsonPlace& where) {
  ondemand::json_type type{};
  auto error = value.type().get(type);
  if (error) return jsonError(where, error);
  switch (type) {
    case ondemand::json_type::string: {
      std::string_view text;
      error = value.get_string().get(text);
      if (error) return jsonError(where, error);
      return text;
    }
    case ondemand::json_type::null: return std::string_view();
    case ondemand::json_type::number:
    case ondemand::json_type::boolean: return rawToken(value);
    default: return jsonError(where, "expected a string or a number");
  }
}

}  // namespace postern::exposition
