#pragma once

#include <string>
#include <string_view>

namespace postern::exposition {

// Why a body with this beginning cannot be a page: compressed, protobuf, UTF-16 or UTF-32, or with
// a byte order mark. A sentence that completes an error; empty when the beginning shows none of
// these. Only for a body that a parser has refused.
std::string bodyShape(std::string_view begin);

}  // namespace postern::exposition
