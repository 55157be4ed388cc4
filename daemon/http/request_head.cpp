#include "http/request_head.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/token.h"

namespace postern::http {
namespace {

// RFC 3986: what may stand in a request target. A fragment is never sent.
bool targetByte(char c) {
  return c > 0x20 && c < 0x7F && c != '#';
}

bool controlByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

bool digit(char c) {
  return c >= '0' && c <= '9';
}

int hexDigit(char c) {
  if (digit(c)) return c - '0';
  const char lower = lowerCase(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// False when an escape is bad or stands for a control byte: no path of ours has one,
// and it must not reach a log or a page.
bool appendPercentDecoded(std::string_view text, std::string& decoded) {
  decoded.reserve(decoded.size() + text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = hexDigit(text[i + 1]);
      const int low = hexDigit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (controlByte(c)) return false;
    decoded.push_back(c);
  }
  return true;
}

// What follows the authority of "http://authority/path?query"; nothing when it is no such URI.
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

// RFC 9110 section 7.2: host and port only; no list, no user, no path.
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
  progress_ = Progress::Incomplete;
  line_begin_ = searched_ = 0;
  has_request_line_ = has_host_ = has_length_ = asks_close_ = asks_keep_alive_ = false;
}

RequestHeadParser::Progress RequestHeadParser::refuse(int status, std::string_view what) {
  refusal_ = {status, std::string(what)};
  return Progress::Refused;
}

RequestHeadParser::Progress RequestHeadParser::parse(std::string_view bytes) {
  // A handshake of TLS on this port would else wait for a line end until the timeout.
  if (searched_ == 0 && !bytes.empty() && bytes[0] != '\r' && !tokenByte(bytes[0])) {
    progress_ = refuse(400, "this is no HTTP request; the port speaks plain HTTP");
  }
  while (progress_ == Progress::Incomplete) {
    const auto end = bytes.substr(0, kMaxBytes).find('\n', searched_);
    if (end == std::string_view::npos) {
      searched_ = bytes.size();
      if (bytes.size() >= kMaxBytes) progress_ = refuse(431, "the request head is over 16 KiB");
      break;
    }
    auto line = bytes.substr(line_begin_, end - line_begin_);
    searched_ = line_begin_ = end + 1;
    if (line.empty() || line.back() != '\r') {
      progress_ = refuse(400, "a line of the head does not end in CR LF");
      break;
    }
    line.remove_suffix(1);
    progress_ = takeLine(line);
  }
  return progress_;
}

RequestHeadParser::Progress RequestHeadParser::takeLine(std::string_view line) {
  if (!has_request_line_) {
    // RFC 9112 section 2.2: an empty line before the request is passed over.
    return line.empty() ? Progress::Incomplete : takeRequestLine(line);
  }
  return line.empty() ? conclude() : takeHeader(line);
}

RequestHeadParser::Progress RequestHeadParser::takeRequestLine(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(400, "the request line is not method, target and version");
  }
  const auto method = line.substr(0, first);
  const auto version = line.substr(last + 1);
  if (!token(method)) return refuse(400, "the method is not a word");
  if (version.size() != 8 || !version.starts_with("HTTP/") || !digit(version[5]) ||
      version[6] != '.' || !digit(version[7])) {
    return refuse(400, "the request line does not end in an HTTP version");
  }
  if (version[5] != '1') return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  if (method == "CONNECT") return refuse(501, "this is no proxy");
  has_request_line_ = true;
  head_.request.method = method;
  head_.minor_version = version[7] == '0' ? 0 : 1;
  return takeTarget(line.substr(first + 1, last - first - 1));
}

RequestHeadParser::Progress RequestHeadParser::takeTarget(std::string_view target) {
  if (target.empty() || !std::all_of(target.begin(), target.end(), targetByte)) {
    return refuse(400, "the request target holds a byte that no URL may hold");
  }
  if (target == "*" && head_.request.method == "OPTIONS") {
    head_.request.path = '*';
    return Progress::Incomplete;
  }
  if (target[0] != '/') {
    const auto rest = afterAuthority(target);
    if (!rest) return refuse(400, "the request target is neither a path nor an http URL");
    target = *rest;
  }
  const auto question = std::min(target.find('?'), target.size());
  auto& path = head_.request.path;
  if (!appendPercentDecoded(target.substr(0, question), path)) {
    return refuse(400, "the path has a bad percent escape");
  }
  if (path.empty()) path = '/';
  if (question < target.size()) head_.request.query = target.substr(question + 1);
  return Progress::Incomplete;
}

RequestHeadParser::Progress RequestHeadParser::takeHeader(std::string_view line) {
  if (line[0] == ' ' || line[0] == '\t') return refuse(400, "a header is folded over two lines");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "a header has no colon");
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (!token(name)) return refuse(400, "a header's name is not a word directly before its colon");
  if (!isFieldValue(value)) return refuse(400, "a header's value holds a control byte");
  if (head_.request.headers.size() == kMaxHeaders) {
    return refuse(431, "the request has more than 100 headers");
  }
  auto& added = head_.request.headers.emplace_back(name, value);
  std::transform(added.first.begin(), added.first.end(), added.first.begin(), lowerCase);
  return takeFraming(added.first, value);
}

RequestHeadParser::Progress RequestHeadParser::takeFraming(std::string_view name,
                                                           std::string_view value) {
  if (name == "host") {
    if (has_host_ || !hostValue(value)) return refuse(400, "the Host header is not one host");
    has_host_ = true;
  } else if (name == "content-length") {
    return takeContentLength(value);
  } else if (name == "transfer-encoding") {
    return takeTransferEncoding(value);
  } else if (name == "connection") {
    forEachElement(value, [this](std::string_view option) {
      asks_close_ |= equalsIgnoringCase(option, "close");
      asks_keep_alive_ |= equalsIgnoringCase(option, "keep-alive");
    });
  } else if (name == "expect" && head_.minor_version > 0) {
    if (!equalsIgnoringCase(value, "100-continue")) {
      return refuse(417, "the only expectation met here is 100-continue");
    }
    head_.expects_continue = true;
  }
  return Progress::Incomplete;
}

RequestHeadParser::Progress RequestHeadParser::takeContentLength(std::string_view value) {
  if (has_length_ || value.empty() || !std::all_of(value.begin(), value.end(), digit)) {
    return refuse(400, "Content-Length is not one number");
  }
  has_length_ = true;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  for (const char c : value) {
    const auto units = static_cast<std::uint64_t>(c - '0');
    const auto length = head_.content_length;
    head_.content_length = length > (kMost - units) / 10 ? kMost : length * 10 + units;
  }
  return Progress::Incomplete;
}

RequestHeadParser::Progress RequestHeadParser::takeTransferEncoding(std::string_view value) {
  if (head_.chunked_body || !equalsIgnoringCase(value, "chunked")) {
    return refuse(501, "the only transfer coding known here is chunked, once");
  }
  head_.chunked_body = true;
  return Progress::Incomplete;
}

RequestHeadParser::Progress RequestHeadParser::conclude() {
  if (head_.minor_version > 0 && !has_host_) return refuse(400, "the Host header is missing");
  if (head_.chunked_body && has_length_) {
    return refuse(400, "Content-Length and Transfer-Encoding stand side by side");
  }
  if (head_.chunked_body && head_.minor_version == 0) {
    return refuse(400, "HTTP/1.0 knows no Transfer-Encoding");
  }
  head_.keep_alive = !asks_close_ && (head_.minor_version > 0 || asks_keep_alive_);
  return Progress::Complete;
}

}  // namespace postern::http
