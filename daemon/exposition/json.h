#pragma once

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::exposition {

// A JSON page that is read once from front to back. Views of numbers and strings point into it and
// die with it. Not movable, because simdjson's values refer to its document.
class JsonDocument {
 public:
  explicit JsonDocument(std::string_view json) : padded_(json) {}
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  // The outermost object. Call it once. Error: Format.
  Result<simdjson::ondemand::object> root();
  // Call it after the outermost object. Error: Format when more text follows.
  Result<void> checkEnd();
  // Adds line and column to an error if the JSON is broken there; otherwise the place on the page
  // is enough.
  Error located(Error error);

 private:
  Error notJson(simdjson::error_code code) const;

  simdjson::padded_string padded_;
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
};

// A place on a page, such as stats.app.queue_size.data[2]. It becomes text only for an error,
// because a key may be as long as the page. Borrows the key and the place around it.
class JsonPlace {
 public:
  explicit JsonPlace(std::string_view key = {}) : key_(key) {}  // empty: the page itself

  JsonPlace member(std::string_view key) const { return {this, key, std::nullopt}; }
  JsonPlace element(std::size_t position) const { return {this, {}, position}; }
  std::string text() const;  // printable, at most 200 bytes

 private:
  JsonPlace(const JsonPlace* outer, std::string_view key, std::optional<std::size_t> position)
      : outer_(outer), key_(key), position_(position) {}

  const JsonPlace* outer_ = nullptr;
  std::string_view key_;
  std::optional<std::size_t> position_;
};

Error jsonError(const JsonPlace& where, std::string_view what);
// The text for an error of simdjson, with what was expected.
Error jsonError(const JsonPlace& where, simdjson::error_code code);

// Bounds the text that is made of a JSON page, because a short page may repeat one long key in each
// line: 16 bytes for each byte of the page, and 1 MiB.
class JsonGrowth {
 public:
  explicit JsonGrowth(std::size_t page_bytes) : most_((page_bytes << 4) + (1U << 20)) {}
  // Call before this many more bytes are made. Error: Limit.
  Result<void> add(std::size_t bytes);

 private:
  const std::size_t most_;
  std::size_t made_ = 0;
};

// A number, true, false or null, as spelled on the page.
std::string_view rawToken(simdjson::ondemand::value& value);

// Reads a value as an object, or as a list. Error: Format, with what it is instead.
Result<simdjson::ondemand::object> readObject(simdjson::ondemand::value& value,
                                              const JsonPlace& where);
Result<simdjson::ondemand::array> readList(simdjson::ondemand::value& value,
                                           const JsonPlace& where);

// Reads a map: not set for null, and for `[]`, which is how the service writes an empty one.
Result<std::optional<simdjson::ondemand::object>> readMap(simdjson::ondemand::value& value,
                                                          const JsonPlace& where);

// A string without its escapes, or another scalar as spelled on the page; null is empty.
Result<std::string_view> scalarText(simdjson::ondemand::value& value, const JsonPlace& where);

}  // namespace postern::exposition
