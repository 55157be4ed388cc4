#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/target.h"

// The syntax of single values. Each check returns what is wrong and what was expected, or an empty
// string. No message quotes a value that may contain a secret.
namespace postern::config {

// An https URL without user, query and fragment (RFC 3986). On failure returns nothing and sets
// `wrong`.
std::optional<Url> parseUrl(std::string_view text, std::string& wrong);

// The same with any path and query, which are returned in `target`: "/" if both are missing. The
// Url has no path.
std::optional<Url> parseEndpoint(std::string_view text, std::string& target, std::string& wrong);

// host:port, [v6]:port or :port; port 0 lets the system choose.
std::string listenAddressMistake(std::string_view text);
std::string targetNameMistake(std::string_view text);
// A DNS name or an address without a port.
std::string hostMistake(std::string_view text);
// The name of a database or of one of its users.
std::string databaseNameMistake(std::string_view text);
// A query for a credential: it must contain exactly one `?`, which is bound to the target's name.
std::string databaseQueryMistake(std::string_view text);
// "spiffe://trust-domain/path", SPIFFE-ID standard, section 2.
std::string spiffeIdMistake(std::string_view text);
// A path below a target's url: begins with a slash; a query only if `query_allowed`.
std::string pathMistake(std::string_view text, bool query_allowed);
// A header's name as a token of RFC 9110, section 5.6.2.
std::string headerNameMistake(std::string_view text);
// A cookie's name is also a token (RFC 6265, section 4.1.1).
std::string cookieNameMistake(std::string_view text);
// The same for a header that is sent with each page; some names are reserved.
std::string ownHeaderNameMistake(std::string_view text);
// RFC 6901, except the empty pointer, which names the whole document.
std::string jsonPointerMistake(std::string_view text);
// "Header-Name: value", with {{token}} once in the value and no other placeholder.
std::string sendAsMistake(std::string_view text);
// Every {{...}} of `text` is one of `allowed`.
std::string placeholderMistake(std::string_view text, const std::vector<std::string_view>& allowed);

}  // namespace postern::config
