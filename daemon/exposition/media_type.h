#pragma once

#include <optional>
#include <string_view>

namespace postern::exposition {

// The "type/subtype" of a Content-Type in its received case, if the whole header is valid for Go's
// mime.ParseMediaType. A parameter that appears twice with different values makes it invalid, and
// so does one without a value. The view points into `content_type`.
std::optional<std::string_view> readMediaType(std::string_view content_type);

}  // namespace postern::exposition
