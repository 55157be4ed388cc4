#include "upstream/response.h"

#include <algorithm>
#include <charconv>

#include "base/printable.h"
#include "base/token.h"
#include "upstream/field.h"

namespace postern::upstream {
namespace {

Error format(std::string what) {
  return {Fault::Format, std::move(what), {}, {}};
}

Error http2Only() {
  return withRemedy(Fault::Format, "the service answers in HTTP/2, expected HTTP/1.1",
                    "let it serve HTTP/1.1 too, or give a port of it that does", Detail::Http2Only);
}

Error truncated(std::string what) {
  return {Fault::Truncated, std::move(what), {}, {}};
}

// A chunk beyond this is no chunk; the sums stay far from an overflow.
constexpr std::uint64_t kMaxLength = std::uint64_t{1} << 60;
// So many fit without the list having to grow.
constexpr std::size_t kUsualFields = 16;

// What a server of HTTP/2 sends first, whatever it is asked: the head of a frame SETTINGS or GOAWAY
// (RFC 9113, sections 4.1, 6.5 and 6.8).
bool beginsLikeHttp2(std::string_view bytes) {
  constexpr std::size_t kFrameHead = 9;
  constexpr char kSettings = 4;
  constexpr char kGoAway = 7;
  if (bytes.size() < kFrameHead) return false;
  const bool of_connection = bytes.substr(5, 4) == std::string_view("\0\0\0\0", 4);
  return bytes[0] == 0 && (bytes[3] == kSettings || bytes[3] == kGoAway) && of_connection;
}

std::optional<std::uint64_t> parseNumber(std::string_view digits, int base) {
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc() || end != digits.data() + digits.size() || number > kMaxLength) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

ResponseReader::ResponseReader(bool to_head) : to_head_(to_head) {}

Result<ResponseReader::Step> ResponseReader::next(std::string_view& bytes) {
  if (!bytes.empty()) started_ = true;
  for (;;) {
    if (state_ == State::Done) return Step{Event::End, {}};
    if (state_ == State::Length || state_ == State::ChunkData || state_ == State::UntilClose) {
      return takeBody(bytes);
    }
    auto line = takeLine(bytes);
    if (!line) return std::move(line).error();
    if (!*line) return Step{Event::More, {}};
    auto step = nextLine(**line);
    if (!step || step->event != Event::More) return step;
  }
}

// One line without its CRLF, or none when `bytes` does not hold its end. The line lives
// until the next call.
Result<std::optional<std::string_view>> ResponseReader::takeLine(std::string_view& bytes) {
  if (std::exchange(line_done_, false)) line_.clear();
  const auto feed = bytes.find('\n');
  const auto taken = bytes.substr(0, feed == std::string_view::npos ? feed : feed + 1);
  bytes.remove_prefix(taken.size());
  line_bytes_ += taken.size();
  if (line_bytes_ > kHeadLimit) {
    return Error{Fault::Limit,
                 "the head of the answer, or a line between its chunks, is longer than " +
                     std::to_string(kHeadLimit) + " bytes",
                 {},
                 {}};
  }
  std::string_view line = taken;
  if (!line_.empty() || feed == std::string_view::npos) {
    line_ += taken;
    line = line_;
  }
  if (state_ == State::StatusLine && beginsLikeHttp2(line)) return http2Only();
  if (feed == std::string_view::npos) return std::optional<std::string_view>();
  line_done_ = true;
  if (!line.ends_with("\r\n")) return format("a line of the answer's head does not end with CR LF");
  return std::optional<std::string_view>(line.substr(0, line.size() - 2));
}

// More: go on with the next line.
Result<ResponseReader::Step> ResponseReader::nextLine(std::string_view line) {
  Result<void> read;
  switch (state_) {
    case State::StatusLine: read = readStatusLine(line); break;
    case State::Fields:
      if (line.empty()) return endOfHead();
      read = readField(line);
      break;
    case State::ChunkSize: read = readChunkSize(line); break;
    case State::ChunkEnd:
      if (!line.empty()) return format("a chunk is longer than its size says");
      state_ = State::ChunkSize;
      break;
    default:  // Trailers: nothing in them concerns us
      if (line.empty()) {
        state_ = State::Done;
        return Step{Event::End, {}};
      }
      if (auto field = splitField(line); !field) read = std::move(field).error();
  }
  if (!read) return std::move(read).error();
  return Step{Event::More, {}};
}

Result<ResponseReader::Step> ResponseReader::takeBody(std::string_view& bytes) {
  if (bytes.empty()) return Step{Event::More, {}};
  std::string_view body = bytes;
  if (state_ != State::UntilClose) {
    body = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
    left_ -= body.size();
    if (left_ == 0) {
      state_ = state_ == State::ChunkData ? State::ChunkEnd : State::Done;
      line_bytes_ = 0;
    }
  }
  bytes.remove_prefix(body.size());
  delivered_ += body.size();
  return Step{Event::Body, body};
}

// RFC 9112 section 4. The reason phrase is anything.
Result<void> ResponseReader::readStatusLine(std::string_view line) {
  const bool http1 = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  if (!http1) return format("the answer is not HTTP/1.1: does an HTTP service listen there?");
  http10_ = line[7] == '0';
  const auto status = line.size() >= 12 && (line.size() == 12 || line[12] == ' ')
                          ? parseNumber(line.substr(9, 3), 10)
                          : std::nullopt;
  if (!status || *status < 100 || *status > 599) {
    return format("the status line of the answer has no status between 100 and 599");
  }
  if (*status == 101) return format("the answer switches protocols (101), which nobody asked for");
  response_ = Response{static_cast<int>(*status), {}};
  response_.headers.reserve(kUsualFields);
  state_ = State::Fields;
  return {};
}

// RFC 9112 section 5: no space before the colon, no folded lines.
Result<std::pair<std::string_view, std::string_view>> ResponseReader::splitField(
    std::string_view line) const {
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  if (colon == std::string_view::npos || !token(name)) {
    if (state_ == State::Trailers) return format("a trailer of the answer has no proper name");
    return format("field " + std::to_string(response_.headers.size() + 1) +
                  " of the answer's head has no proper name");
  }
  const auto value = trimmed(line.substr(colon + 1));
  if (!isFieldValue(value)) {
    return format("the answer's field " + printable(name) + " holds a control character");
  }
  return std::pair(name, value);
}

Result<void> ResponseReader::readField(std::string_view line) {
  const auto field = splitField(line);
  if (!field) return field.error();
  response_.headers.emplace_back(lowered(field->first), field->second);
  return {};
}

bool ResponseReader::bodyless() const {
  return to_head_ || response_.status == 204 || response_.status == 304;
}

Result<ResponseReader::Step> ResponseReader::endOfHead() {
  if (response_.status < 200) {  // an interim answer: the next line begins another head
    state_ = State::StatusLine;
    return Step{Event::More, {}};
  }
  line_bytes_ = 0;
  auto framing = readFraming();
  if (!framing) return std::move(framing).error();
  return Step{Event::Head, {}};
}

// RFC 9112 section 6.3.
Result<void> ResponseReader::readFraming() {
  bool chunked = false;
  bool close = http10_;
  for (const auto& [name, value] : response_.headers) {
    if (name == "transfer-encoding") {
      if (chunked || http10_ || !equalsIgnoringCase(value, "chunked")) {
        return format("the answer has a transfer encoding other than one `chunked` of HTTP/1.1");
      }
      chunked = true;
    } else if (name == "content-length") {
      auto length = readContentLength(value);
      if (!length) return length;
    } else if (name == "connection") {
      if (hasListItem(value, "close")) close = true;
      if (http10_ && hasListItem(value, "keep-alive")) close = false;
    }
  }
  if (chunked && content_length_) return format("the answer has both a length and chunks");
  persistent_ = !close;
  if (bodyless() || content_length_ == 0U) {
    state_ = State::Done;
  } else if (chunked) {
    state_ = State::ChunkSize;
  } else if (content_length_) {
    state_ = State::Length;
    left_ = *content_length_;
  } else {
    state_ = State::UntilClose;
    persistent_ = false;
  }
  return {};
}

// One length, also when it is said several times (RFC 9110 section 8.6).
Result<void> ResponseReader::readContentLength(std::string_view value) {
  for (;;) {
    const auto comma = value.find(',');
    const auto length = parseNumber(trimmed(value.substr(0, comma)), 10);
    if (!length) return format("the answer's Content-Length is no number");
    if (content_length_ && content_length_ != length) {
      return format("the answer has several different lengths");
    }
    content_length_ = length;
    if (comma == std::string_view::npos) return {};
    value.remove_prefix(comma + 1);
  }
}

// RFC 9112 section 7.1: extensions after a semicolon are ignored.
Result<void> ResponseReader::readChunkSize(std::string_view line) {
  const auto digits = line.substr(0, line.find_first_of("; \t"));
  const auto size = parseNumber(digits, 16);
  if (!isChunkExtension(line.substr(digits.size()))) {
    return format("what follows the size of a chunk is malformed");
  }
  if (!size) return format("the size of a chunk is no hexadecimal number");
  line_bytes_ = 0;
  left_ = *size;
  state_ = left_ == 0 ? State::Trailers : State::ChunkData;
  return {};
}

std::optional<std::uint64_t> ResponseReader::contentLength() const {
  return bodyless() ? 0 : content_length_;
}

Result<void> ResponseReader::endOfStream(bool clean) const {
  const std::string so_far = "after " + std::to_string(delivered_);
  switch (state_) {
    case State::Done: return {};
    case State::StatusLine:
    case State::Fields:
      if (started_) return truncated("the connection ended in the head of the answer");
      return Error{Fault::Connect, "the connection was closed before an answer came", {}, {}};
    case State::Length:
      return truncated("the body ended " + so_far + " of " + std::to_string(*content_length_) +
                       " bytes");
    case State::UntilClose:
      if (clean) return {};
      return truncated("the connection was cut " + so_far +
                       " bytes of a body without length, and without TLS' close_notify it may "
                       "lack more");
    default: return truncated("the body ended " + so_far + " bytes, before its last chunk");
  }
}

}  // namespace postern::upstream
