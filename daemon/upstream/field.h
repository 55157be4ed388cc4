#pragma once

#include <string>
#include <string_view>

// The grammar of header fields, RFC 9110 section 5; their words are in base/token.h. All pure.
namespace postern::upstream {

// ASCII letters only.
std::string lowered(std::string_view text);
// Whether `item` stands in a list separated by commas, in any case.
bool hasListItem(std::string_view list, std::string_view item);

}  // namespace postern::upstream
