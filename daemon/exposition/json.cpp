#include "exposition/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/printable.h"

namespace postern::exposition {

namespace ondemand = simdjson::ondemand;

namespace {

std::string_view jsonWords(simdjson::error_code code) {
  switch (code) {
    case simdjson::TAPE_ERROR:
      return "expected a comma, a colon, a value or the end of a list or object";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "a list or an object is not closed, expected its end";
    case simdjson::DEPTH_ERROR: return "nested too deeply, expected at most 1024 levels";
    case simdjson::STRING_ERROR:
      return R"(a string has an invalid escape, expected one like \n, \" or \u0041)";
    case simdjson::UNESCAPED_CHARS:
      return "a string has a control character, expected an escape like \\n";
    case simdjson::UNCLOSED_STRING: return "a string is not closed, expected a quote at its end";
    case simdjson::UTF8_ERROR: return "bytes that are not UTF-8, expected JSON in UTF-8";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR: return "expected true, false, null, a number or a quote";
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE: return "expected a number";
    case simdjson::INCORRECT_TYPE: return "a value of another type than expected";
    case simdjson::CAPACITY: return "larger than 4 GiB, expected a smaller page";
    case simdjson::MEMALLOC: return "not enough memory to read it";
    default: return "expected valid JSON";
  }
}

std::string_view typeWords(ondemand::json_type type) {
  switch (type) {
    case ondemand::json_type::object: return "an object";
    case ondemand::json_type::array: return "a list";
    case ondemand::json_type::string: return "a string";
    case ondemand::json_type::number: return "a number";
    case ondemand::json_type::boolean: return "true or false";
    case ondemand::json_type::null: return "null";
  }
  return "something else";
}

// Position of the first byte that is not UTF-8, or the end.
std::size_t invalidUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t size = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    const std::string_view character = text.substr(i, size);
    if (size > 1 && !simdjson::validate_utf8(character.data(), character.size())) return i;
    i += size;
  }
  return text.size();
}

// Position of a control character in a string, or of the beginning of a string that is not closed.
std::size_t brokenString(std::string_view text) {
  bool quoted = false;
  std::size_t opened = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (quoted && byte < ' ') return i;
    if (quoted && byte == '\\') {
      ++i;
    } else if (byte == '"') {
      quoted = !quoted;
      opened = i;
    }
  }
  return opened;
}

// " (line 3, column 14)", both counted from 1, in bytes.
std::string positionText(std::string_view page, std::size_t offset) {
  const std::string_view before = page.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t column = offset - (before.rfind('\n') + 1);
  return fmt::format(" (line {}, column {})", line, column + 1);
}

}  // namespace

Result<ondemand::object> JsonDocument::root() {
  ondemand::object object;
  ondemand::json_type type{};
  auto error = parser_.iterate(padded_).get(document_);
  if (!error) error = document_.type().get(type);
  if (!error && type == ondemand::json_type::object) error = document_.get_object().get(object);
  if (!error && type == ondemand::json_type::object) return object;
  return notJson(error);
}

Error JsonDocument::notJson(simdjson::error_code code) const {
  const std::string_view page(padded_.data(), padded_.size());
  const std::size_t start = page.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos)
    return jsonError(JsonPlace(), "the page is empty, expected a JSON object");
  if (page[start] == '{') {
    std::string what(jsonWords(code));
    if (code == simdjson::UTF8_ERROR) what += positionText(page, invalidUtf8(page));
    if (code == simdjson::UNESCAPED_CHARS || code == simdjson::UNCLOSED_STRING)
      what += positionText(page, brokenString(page));
    return jsonError(JsonPlace(), what);
  }
  std::string what = "expected a JSON object, found \"" + printable(page.substr(start));
  return jsonError(JsonPlace(),
                   what + (page[start] == '<' ? "\"; the page looks like HTML" : "\""));
}

Result<void> JsonDocument::checkEnd() {
  const auto at = document_.current_location();
  if (at.error() == simdjson::OUT_OF_BOUNDS) return {};
  std::string what = "expected the end of the page after the JSON object, found more text";
  if (!at.error()) {
    what += positionText({padded_.data(), padded_.size()},
                         static_cast<std::size_t>(at.value_unsafe() - padded_.data()));
  }
  return jsonError(JsonPlace(), what);
}

Error JsonDocument::located(Error error) {
  const auto at = document_.current_location();
  if (document_.is_alive() || at.error()) return error;
  const auto offset = static_cast<std::size_t>(at.value_unsafe() - padded_.data());
  if (offset <= padded_.size())
    error.what += positionText({padded_.data(), padded_.size()}, offset);
  return error;
}

std::string JsonPlace::text() const {
  constexpr std::size_t kMost = 200;
  std::string text = outer_ == nullptr ? std::string() : outer_->text();
  if (position_) return text.append("[").append(std::to_string(*position_)).append("]");
  if (!text.empty() && !key_.empty()) text += '.';
  // One byte more, so that the end shows the truncation.
  return printable(text.append(key_.substr(0, kMost + 1)), kMost);
}

Error jsonError(const JsonPlace& where, std::string_view what) {
  const auto path = where.text();
  std::string text = path.empty() ? "JSON: " : fmt::format("JSON at {}: ", path);
  return {.fault = Fault::Format, .what = text.append(what)};
}

Error jsonError(const JsonPlace& where, simdjson::error_code code) {
  return jsonError(where, jsonWords(code));
}

Result<void> JsonGrowth::add(std::size_t bytes) {
  made_ += bytes;
  if (made_ <= most_) return {};
  return Error{.fault = Fault::Limit,
               .what = fmt::format("the page becomes more than {} bytes of text, most of them "
                                   "repeated names, or labels that are filled in",
                                   most_)};
}

std::string_view rawToken(ondemand::value& value) {
  const std::string_view token = value.raw_json_token();
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

Result<ondemand::object> readObject(ondemand::value& value, const JsonPlace& where) {
  ondemand::json_type type{};
  ondemand::object object;
  auto error = value.type().get(type);
  if (!error && type != ondemand::json_type::object)
    return jsonError(where, std::string("expected an object, found ").append(typeWords(type)));
  if (!error) error = value.get_object().get(object);
  if (error) return jsonError(where, error);
  return object;
}

Result<ondemand::array> readList(ondemand::value& value, const JsonPlace& where) {
  ondemand::json_type type{};
  ondemand::array array;
  auto error = value.type().get(type);
  if (!error && type != ondemand::json_type::array)
    return jsonError(where, std::string("expected a list, found ").append(typeWords(type)));
  if (!error) error = value.get_array().get(array);
  if (error) return jsonError(where, error);
  return array;
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
  auto object = readObject(value, where);
  if (!object) return std::move(object).error();
  return std::optional<ondemand::object>(*object);
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
    default:
      return jsonError(
          where, std::string("expected a string or a number, found ").append(typeWords(type)));
  }
}

}  // namespace postern::exposition
