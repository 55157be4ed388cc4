#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

// Binary data as text: hexadecimal, base64 (RFC 4648) and percent-encoding (RFC 3986). Independent
// of the locale. A Secret is encoded and decoded as a Secret, without leaving a copy in memory.
namespace postern {

// Two digits per byte, in lower case.
std::string encodeHex(std::string_view bytes);

// Section 4, with padding.
std::string encodeBase64(std::string_view bytes);
Secret encodeBase64(const Secret& bytes);
// Section 5: - and _ instead of + and /; without padding.
std::string encodeBase64Url(std::string_view bytes);

// Section 4. Padding is required, white space is not allowed, unused bits are ignored. Nothing if
// `text` is not base64.
std::optional<std::string> decodeBase64(std::string_view text);
std::optional<Secret> decodeBase64Secret(std::string_view text);

// Everything except the unreserved characters of section 2.3 becomes %XX, in upper case.
std::string percentEncode(std::string_view text);
void appendPercentEncoded(std::string_view text, Secret& out);
// Appends `text` with its %XX replaced by their bytes. False if two hexadecimal digits do not
// follow a %; `out` then has the text before it.
bool appendPercentDecoded(std::string_view text, std::string& out);

}  // namespace postern
