#pragma once

#include <optional>
#include <string_view>

namespace postern::exposition {

// The "type/subtype" of a Content-Type, its case as it came, when all of the header can be read as
// Go's mime.ParseMediaType does: a parameter twice with different values spoils it, and so does
// one without a value. The view points into `content_type`.
std::optional<std::string_view> readMediaType(std::string_view content_type);

}  // namespace postern::exposition
