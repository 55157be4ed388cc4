#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::exposition {

// A JSON page that is read once from front to back. Views of numbers and strings point into
// it and die with it. Not movable: what simdjson hands out refers to its document.
class JsonPage {
 public:
  explicit JsonPage(std::string_view json) : padded_(json) {}
  JsonPage(const JsonPage&) = delete;
  JsonPage& operator=(const JsonPage&) = delete;

  // The outermost object; call it once. Error: Format.
  Result<simdjson::ondemand::object> root();
  // When the outermost object has been read. Error: Format when anything stands behind it.
  Result<void> checkEnd();

 private:
  simdjson::padded_string padded_;
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
};

// `path` says where on the page, such as stats.app.queue_size.data[2].
Error jsonError(std::string_view path, std::string_view what);
// The path of a member of the object, or of the array, at `path`.
std::string pathTo(std::string_view path, std::string_view key);
std::string pathTo(std::string_view path, std::size_t position);

// What simdjson itself complains about.
Error jsonError(std::string_view path, simdjson::error_code code);

// A number, true, false or null as it stands on the page.
std::string_view rawToken(simdjson::ondemand::value& value);

// A map of the page: none for null, and for `[]`, which is how the service writes an empty one.
Result<std::optional<simdjson::ondemand::object>> readMap(simdjson::ondemand::value& value,
                                                          std::string_view path);

// A string without its escapes, or another scalar as it stands on the page; null is empty.
Result<std::string_view> scalarText(simdjson::ondemand::value& value, std::string_view path);

}  // namespace postern::exposition
