#pragma once

#include <string>
#include <string_view>

// The grammar of header fields, RFC 9110 section 5. All pure.
namespace postern::upstream {

// A name: at least one character, only those of `token`.
bool isToken(std::string_view text);
// A value without control characters but the tab; bytes beyond ASCII are let through.
bool isFieldValue(std::string_view text);
// Without the spaces and tabs around it.
std::string_view trimmed(std::string_view text);
// ASCII letters only.
std::string lowered(std::string_view text);
// Whether `item` (lower case) stands in a list separated by commas, in any case.
bool hasListItem(std::string_view list, std::string_view item);

}  // namespace postern::upstream
