#pragma once

#include <string>
#include <string_view>

namespace postern::exposition {

// What a body is that begins like this and cannot be a page: compressed, protobuf, UTF-16 or
// UTF-32, with a byte order mark. A sentence that completes an error; empty when the beginning
// shows none of these. Only for a body that a parser has refused.
std::string bodyShape(std::string_view begin);

}  // namespace postern::exposition
