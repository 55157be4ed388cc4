#include "http/request_head.h"

#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "base/text.h"
#include "base/token.h"
#include "http1/grammar.h"

namespace postern::http {
namespace {

constexpr std::size_t kLineEnd = 2;  // bytes of CR LF

// The part after the authority of "http://authority/path?query"; not set for another kind of
// target.
std::optional<std::string_view> afterAuthority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equalsIgnoringCase(target.substr(0, scheme.size()), scheme)) continue;
    const auto rest = target.substr(scheme.size());
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    if (end == 0) return std::nullopt;
    return rest.substr(end);
  }
  return std::nullopt;
}

// RFC 9110 section 7.2: only host and port; no list, no user, no path.
bool hostValue(std::string_view value) {
  return value.find_first_of(" \t,/@?#\\\"<>{}|^`") == std::string_view::npos;
}

}  // namespace

void RequestHeadParser::reset() {
  head_.request.method.clear();
  head_.request.path.clear();
  head_.request.query.clear();
  head_.request.headers.clear();
  head_.request.body = {};
  head_.minor_version = 1;
  head_.keep_alive = true;
  head_.expects_continue = head_.chunked_body = false;
  head_.content_length = 0;
  refusal_ = {};
  progress_ = HeadProgress::Incomplete;
  lines_ = {};
  framing_ = http1::BodyFraming(http1::RepeatedLength::Refused);
  size_ = 0;
  started_ = has_request_line_ = has_host_ = false;
}

HeadProgress RequestHeadParser::refuse(int status, std::string_view what) {
  refusal_ = {status, std::string(what)};
  return HeadProgress::Refused;
}

HeadProgress RequestHeadParser::parse(std::string_view& bytes) {
  // Otherwise a TLS handshake on this port would wait for a line end until the timeout.
  if (!started_ && !bytes.empty()) {
    started_ = true;
    if (bytes[0] != '\r' && !tokenByte(bytes[0])) {
      progress_ = refuse(400, "not an HTTP request, expected plain HTTP on this port");
    }
  }
  while (progress_ == HeadProgress::Incomplete) {
    const auto outcome = lines_.next(bytes, kMaxBytes - size_);
    if (outcome == http1::LineProgress::More) break;
    if (outcome == http1::LineProgress::TooLong) {
      progress_ = refuse(431, "the request head is over 16 KiB");
    } else if (outcome == http1::LineProgress::NoCrLf) {
      progress_ = refuse(400, "a line of the head does not end in CR LF");
    } else {
      size_ += lines_.line().size() + kLineEnd;
      progress_ = takeLine(lines_.line());
    }
  }
  return progress_;
}

HeadProgress RequestHeadParser::takeLine(std::string_view line) {
  if (!has_request_line_) {
    // RFC 9112 section 2.2: ignores an empty line before the request.
    return line.empty() ? HeadProgress::Incomplete : takeRequestLine(line);
  }
  return line.empty() ? conclude() : takeHeader(line);
}

HeadProgress RequestHeadParser::takeRequestLine(std::string_view line) {
  const auto request = http1::parseRequestLine(line);
  switch (request.error) {
    case http1::RequestLineError::None: break;
    case http1::RequestLineError::NotThreeParts:
      return refuse(400, "the request line is not method, target and version");
    case http1::RequestLineError::BadMethod: return refuse(400, "the method is not a token");
    case http1::RequestLineError::BadVersion:
      return refuse(400, "the request line does not end in an HTTP version");
  }
  if (request.major_version != 1) {
    return refuse(505, "unsupported HTTP version, expected HTTP/1.1 or HTTP/1.0");
  }
  if (request.method == "CONNECT") return refuse(501, "proxy requests are not supported");
  has_request_line_ = true;
  head_.request.method = request.method;
  head_.minor_version = request.minor_version == 0 ? 0 : 1;
  return takeTarget(request.target);
}

HeadProgress RequestHeadParser::takeTarget(std::string_view target) {
  if (!http1::isRequestTarget(target)) {
    return refuse(400, "the request target contains a byte that is invalid in a URL");
  }
  if (target == "*" && head_.request.method == "OPTIONS") {
    head_.request.path = '*';
    return HeadProgress::Incomplete;
  }
  if (target[0] != '/') {
    const auto rest = afterAuthority(target);
    if (!rest) return refuse(400, "the request target is neither a path nor an http URL");
    target = *rest;
  }
  const auto question = std::min(target.find('?'), target.size());
  auto& path = head_.request.path;
  // No path of postern has a control byte, and none may get into a log or a page.
  if (!appendPercentDecoded(target.substr(0, question), path) || hasControlCharacter(path)) {
    return refuse(400, "the path has an invalid percent escape");
  }
  if (path.empty()) path = '/';
  if (question < target.size()) head_.request.query = target.substr(question + 1);
  return HeadProgress::Incomplete;
}

HeadProgress RequestHeadParser::takeHeader(std::string_view line) {
  const auto field = http1::parseFieldLine(line);
  switch (field.error) {
    case http1::FieldLineError::None: break;
    case http1::FieldLineError::Folded: return refuse(400, "a header is folded over two lines");
    case http1::FieldLineError::NoColon: return refuse(400, "a header has no colon");
    case http1::FieldLineError::BadName:
      return refuse(400, "a header's name is not a token directly before its colon");
    case http1::FieldLineError::BadValue:
      return refuse(400, "a header's value holds a control byte");
  }
  if (head_.request.headers.size() == kMaxHeaders) {
    return refuse(431, "the request has more than 100 headers");
  }
  auto& added = head_.request.headers.emplace_back(field.name, field.value);
  std::transform(added.first.begin(), added.first.end(), added.first.begin(), lowerCase);
  return takeFraming(added.first, field.value);
}

HeadProgress RequestHeadParser::takeFraming(std::string_view name, std::string_view value) {
  if (name == "host") {
    if (has_host_ || !hostValue(value)) return refuse(400, "the Host header is not one host");
    has_host_ = true;
  } else if (name == "expect" && head_.minor_version > 0) {
    if (!equalsIgnoringCase(value, "100-continue")) {
      return refuse(417, "the only supported expectation is 100-continue");
    }
    head_.expects_continue = true;
  }
  switch (framing_.take(name, value)) {
    case http1::FramingError::None: return HeadProgress::Incomplete;
    case http1::FramingError::UnknownCoding:
      return refuse(501, "the only supported transfer coding is chunked, once");
    case http1::FramingError::BadLength:
    case http1::FramingError::DifferentLengths: break;
  }
  return refuse(400, "Content-Length is not one number");
}

HeadProgress RequestHeadParser::conclude() {
  if (head_.minor_version > 0 && !has_host_) return refuse(400, "the Host header is missing");
  head_.chunked_body = framing_.chunked();
  head_.content_length = framing_.contentLength().value_or(0);
  if (head_.chunked_body && framing_.contentLength()) {
    return refuse(400, "the request has both Content-Length and Transfer-Encoding");
  }
  if (head_.chunked_body && head_.minor_version == 0) {
    return refuse(400, "HTTP/1.0 does not support Transfer-Encoding");
  }
  head_.keep_alive = framing_.keepAlive(head_.minor_version);
  return HeadProgress::Complete;
}

}  // namespace postern::http
