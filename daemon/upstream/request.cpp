#include "upstream/request.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/host_port.h"
#include "base/printable.h"
#include "base/text.h"
#include "base/token.h"
#include "base/version.h"
#include "http1/grammar.h"

namespace postern::upstream {
namespace {

// Reserved for this client: they name the host and frame the message.
constexpr std::array<std::string_view, 5> kReserved = {"host", "connection", "content-length",
                                                       "transfer-encoding", "content-type"};

Error refused(std::string what) {
  return {Fault::Format, "the request is not sent: " + std::move(what)};
}

Result<void> checkField(std::string_view name, std::string_view value) {
  if (!token(name)) return refused("no header can be named " + quoteJson(printable(name)));
  if (std::any_of(kReserved.begin(), kReserved.end(),
                  [&](std::string_view ours) { return equalsIgnoringCase(name, ours); })) {
    return refused(
        fmt::format("header {} cannot be set, because it frames the request", printable(name)));
  }
  if (!http1::isFieldValue(value)) {
    return refused(
        fmt::format("the value of header {} holds a control character", printable(name)));
  }
  return {};
}

Result<void> check(const Request& request, std::string_view target) {
  if (!token(request.method)) return refused("its method is not a token");
  if (!target.starts_with('/') || !http1::isRequestTarget(target)) {
    return refused(
        "its path does not begin with a slash, or holds a byte that has to be "
        "percent-encoded");
  }
  if (!http1::isFieldValue(request.content_type)) {
    return refused("the type of its body holds a control character");
  }
  for (const auto& [name, value] : request.headers) {
    auto field = checkField(name, value);
    if (!field) return field;
  }
  for (const auto& [name, value] : request.secret_headers) {
    auto field = checkField(name, value.reveal());
    if (!field) return field;
  }
  if (request.secret_header.empty()) return {};
  return checkField(request.secret_header, request.secret_value.reveal());
}

// Omits the port of https (RFC 9110 section 7.2).
std::string hostField(const config::Url& url) {
  const auto& name = url.server_name.empty() ? url.host : url.server_name;
  return url.port == 443 ? bracketedHost(name) : joinHostPort(name, url.port);
}

bool names(const Request& request, std::string_view header) {
  const auto isIt = [&](const auto& field) { return equalsIgnoringCase(field.first, header); };
  return std::any_of(request.headers.begin(), request.headers.end(), isIt) ||
         std::any_of(request.secret_headers.begin(), request.secret_headers.end(), isIt);
}

// Everything except the secret header, without the empty line at the end.
std::string publicHead(const Request& request, const config::Url& url, std::string_view target) {
  std::string head;
  head.reserve(512);
  const auto field = [&head](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  head.append(request.method).append(" ").append(target).append(" HTTP/1.1\r\n");
  field("Host", hostField(url));
  if (!names(request, "user-agent")) {
    field("User-Agent", "postern/" + std::string(version()));
  }
  if (request.method == "GET" && !names(request, "accept-encoding")) {
    field("Accept-Encoding", "gzip");
  }
  for (const auto& [name, value] : request.headers) field(name, value);
  const bool has_body = !request.body.empty();
  if (!request.content_type.empty() && has_body) field("Content-Type", request.content_type);
  if (has_body || (request.method != "GET" && request.method != "HEAD")) {
    field("Content-Length", std::to_string(request.body.size()));
  }
  return head;
}

}  // namespace

Result<Secret> writeRequest(const Request& request, const config::Url& url,
                            std::string_view target) {
  TRY_VOID(check(request, target));
  const auto head = publicHead(request, url, target);
  constexpr std::string_view between = ": ";
  constexpr std::string_view end = "\r\n";
  std::size_t size = head.size() + request.secret_header.size() + between.size() +
                     request.secret_value.size() + 2 * end.size() + request.body.size();
  for (const auto& [name, value] : request.secret_headers) {
    size += name.size() + between.size() + value.size() + end.size();
  }
  Secret bytes;
  bytes.reserve(size);  // reserved at once, because each growth wipes the old bytes
  const auto field = [&](std::string_view name, const Secret& value) {
    bytes.append(name);
    bytes.append(between);
    bytes.append(value.reveal());
    bytes.append(end);
  };
  bytes.append(head);
  if (!request.secret_header.empty()) field(request.secret_header, request.secret_value);
  for (const auto& [name, value] : request.secret_headers) field(name, value);
  bytes.append(end);
  bytes.append(request.body.reveal());
  return bytes;
}

}  // namespace postern::upstream
