// The same bytes as requests, as a response and as a chunked body. Cuts change nothing. An accepted
// message is written again and means the same. Client and server agree on what the server accepts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/require.h"
#include "http/request_body.h"
#include "http/request_head.h"
#include "http1/chunk_decoder.h"
#include "upstream/response.h"

namespace {

using postern::fuzz::require;
using postern::http::BodyProgress;
using postern::http::HeadProgress;
using postern::http::RequestBody;
using postern::http::RequestHead;
using postern::http::RequestHeadParser;
using postern::http1::ChunkDecoder;
using postern::http1::ChunkEvent;
using postern::upstream::ResponseEvent;
using postern::upstream::ResponseReader;
using Pieces =
    std::vector<std::string>;  // each in separate memory: a sanitizer finds a view that outlives it
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kMostBody = 8U << 10;  // bytes

// Lengths of pieces, from 1 to `most`; the same for the same seed.
class Lengths {
 public:
  Lengths(std::uint32_t seed, std::size_t most) : state_(seed * 2654435761U + 1), most_(most) {}
  std::size_t next() {
    state_ = state_ * 1664525U + 1013904223U;
    return 1 + (state_ >> 16U) % most_;
  }

 private:
  std::uint32_t state_;
  std::size_t most_;
};

Pieces cut(std::string_view text, Lengths lengths) {
  Pieces pieces;
  while (!text.empty()) {
    pieces.emplace_back(text.substr(0, lengths.next()));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

std::string number(std::size_t value, const char* format) {
  char text[20];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// `body` in chunks.
std::string encode(std::string_view body, std::uint32_t seed) {
  std::string text;
  for (const auto& chunk : cut(body, Lengths(seed, 40))) {
    text += number(chunk.size(), "%zx") + "\r\n" + chunk + "\r\n";
  }
  return text + "0\r\n\r\n";
}

// A list of fields, then the empty line.
std::string written(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields)
    text.append(name).append(": ").append(value).append("\r\n");
  return text + "\r\n";
}

// The meaning of a message, and how it ended.
struct Meaning {
  std::string start;  // the start line, in words of this file
  Fields fields;
  std::string body;
  bool chunked = false;
  bool complete = false;
  std::string error;
  bool keep_alive = false;
  std::size_t size = 0;  // of a response that ends before its connection: bytes including its head
  bool operator==(const Meaning&) const = default;
};

// Requests of one connection

std::string startOf(const RequestHead& head) {
  return head.request.method + ' ' + head.request.path + ' ' + head.request.query + ' ' +
         std::to_string(head.minor_version) + (head.expects_continue ? " expects" : "");
}

class RequestSide {
 public:
  explicit RequestSide(std::size_t most_body) : most_body_(most_body) {}

  // All requests in `pieces`; a refused request is the last one.
  std::vector<Meaning> read(const Pieces& pieces) {
    for (const auto& piece : pieces) {
      std::string_view bytes = piece;
      while (!ended_ && !bytes.empty()) take(bytes);
    }
    return requests_;
  }
  // The complete requests, written again with an absolute path.
  const std::vector<std::string>& requestLines() const { return request_lines_; }

 private:
  void take(std::string_view& bytes) {
    if (!body_.underWay()) {
      const auto progress = parser_.parse(bytes);
      if (progress == HeadProgress::Incomplete) return;
      requests_.emplace_back();
      if (progress == HeadProgress::Refused) return refuse(parser_.refusal());
      const auto& head = parser_.head();
      requests_.back().start = startOf(head);
      requests_.back().fields = head.request.headers;
      requests_.back().chunked = head.chunked_body;
      requests_.back().keep_alive = head.keep_alive;
      if (body_.begin(head, most_body_, parser_.body()) == BodyProgress::Refused) {
        return refuse(body_.refusal());
      }
    }
    const auto progress = body_.take(bytes);
    if (progress == BodyProgress::Incomplete) return;
    if (progress == BodyProgress::Refused) return refuse(body_.refusal());
    requests_.back().body = parser_.head().request.body;
    requests_.back().complete = true;
    const auto& head = parser_.head();
    request_lines_.push_back(head.request.method + ' ' + targetOf(head) + " HTTP/1." +
                             std::to_string(head.minor_version) + "\r\n");
    body_.clear();
    parser_.reset();
  }

  void refuse(const postern::http::Refusal& refusal) {
    requests_.back().error = std::to_string(refusal.status) + ' ' + refusal.what;
    ended_ = true;
  }

  static std::string targetOf(const RequestHead& head) {
    if (head.request.path == "*") return "*";
    std::string target;
    for (const char c : head.request.path) {
      const auto byte = static_cast<unsigned char>(c);
      target += c == '/' ? "/" : number(byte, "%%%02zx");
    }
    return head.request.query.empty() ? target : target + '?' + head.request.query;
  }

  const std::size_t most_body_;
  RequestHeadParser parser_;
  postern::Budget budget_{1U << 20U};
  RequestBody body_{budget_};
  std::vector<Meaning> requests_;
  std::vector<std::string> request_lines_;
  bool ended_ = false;
};

// An answer

Meaning readAnswer(const Pieces& pieces, bool to_head, bool clean) {
  ResponseReader reader(to_head);
  Meaning answer;
  const auto conclude = [&] {
    answer.complete = true;
    answer.keep_alive = reader.persistent();
    answer.chunked = false;
    answer.fields = reader.response().headers;
    for (const auto& [name, value] : answer.fields) answer.chunked |= name == "transfer-encoding";
    answer.start = std::to_string(reader.response().status);
    return answer;
  };
  std::size_t taken = 0;
  for (const auto& piece : pieces) {
    std::string_view bytes = piece;
    for (;;) {
      const auto step = reader.next(bytes);
      if (!step) {
        answer.error = step.error().what;
        return answer;
      }
      answer.body += step->body;
      if (step->event == ResponseEvent::End) {
        answer.size = taken + piece.size() - bytes.size();
        return conclude();
      }
      if (step->event == ResponseEvent::More) break;
    }
    taken += piece.size();
  }
  if (const auto ended = reader.endOfStream(clean); !ended) {
    answer.error = ended.error().what;
    return answer;
  }
  return conclude();
}

void holdAnswer(std::string_view text, std::uint32_t seed, bool to_head, bool clean) {
  const auto answer = readAnswer({std::string(text)}, to_head, clean);
  require(readAnswer(cut(text, Lengths(seed, 1)), to_head, clean) == answer,
          "an answer depends on its bytes", text);
  require(readAnswer(cut(text, Lengths(seed, 50)), to_head, clean) == answer,
          "an answer depends on its pieces", text);
  if (!answer.complete) return;
  const bool has_body = !to_head && answer.start != "204" && answer.start != "304";
  const auto body = answer.chunked && has_body ? encode(answer.body, seed) : answer.body;
  const auto again = "HTTP/1.1 " + answer.start + "\r\n" + written(answer.fields) + body;
  const auto same = readAnswer({again}, to_head, true);
  require(same.complete && same.start == answer.start && same.fields == answer.fields &&
              same.body == answer.body,
          "an answer written again means something else", text);
}

// The server's body of a request is the client's body of a response with the same fields: no bytes
// can be smuggled between the two.
void holdLikeness(const Meaning& request, std::string_view body) {
  const bool framed =
      std::any_of(request.fields.begin(), request.fields.end(), [](const auto& field) {
        return field.first == "content-length" || field.first == "transfer-encoding";
      });
  if (!framed) return;
  const auto text = "HTTP/1.1 200\r\n" + written(request.fields) + std::string(body);
  const auto answer = readAnswer({text}, /*to_head=*/false, /*clean=*/true);
  require(answer.complete && answer.body == request.body && answer.fields == request.fields,
          "server and client differ", text);
}

void holdRequests(std::string_view text, std::uint32_t seed) {
  RequestSide side(kMostBody);
  const auto requests = side.read({std::string(text)});
  require(RequestSide(kMostBody).read(cut(text, Lengths(seed, 1))) == requests,
          "a request depends on its bytes", text);
  require(RequestSide(kMostBody).read(cut(text, Lengths(seed, 50))) == requests,
          "a request depends on its pieces", text);
  require(
      RequestSide(0).read(cut(text, Lengths(seed, 50))) == RequestSide(0).read({std::string(text)}),
      "a dropped body depends on its pieces", text);
  for (std::size_t i = 0; i < side.requestLines().size(); ++i) {
    const auto& request = requests[i];
    const auto body = request.chunked ? encode(request.body, seed) : request.body;
    const auto head = side.requestLines()[i] + written(request.fields);
    if (head.size() > RequestHeadParser::kMaxBytes) continue;
    const auto same = RequestSide(kMostBody).read({head + body});
    require(same.size() == 1 && same[0] == request, "a request written again means something else",
            text);
    holdLikeness(request, body);
  }
}

// A chunked body

struct Decoded {
  ChunkEvent last = ChunkEvent::More;
  postern::http1::ChunkError error = postern::http1::ChunkError::None;
  std::string body;
  std::string rest;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(const Pieces& pieces) {
  ChunkDecoder decoder(
      {.line = 200, .trailers = 400, .extensions = 400, .chunk = 1U << 20, .body = 2U << 20});
  Decoded decoded;
  for (const auto& piece : pieces) {
    std::string_view bytes = piece;
    do {
      const auto step = decoder.next(bytes);
      decoded.last = step.event;
      decoded.body += step.bytes;
    } while (decoded.last == ChunkEvent::Data);
    if (decoded.last == ChunkEvent::Error) break;
    decoded.rest += bytes;
  }
  decoded.error = decoder.error();
  return decoded;
}

void holdChunks(std::string_view text, std::uint32_t seed) {
  const auto decoded = decode({std::string(text)});
  require(decode(cut(text, Lengths(seed, 1))) == decoded, "a body depends on its bytes", text);
  require(decode(cut(text, Lengths(seed, 50))) == decoded, "a body depends on its pieces", text);
  const auto again = decode({encode(decoded.body, seed) + decoded.rest});
  require(again.last == ChunkEvent::End && again.body == decoded.body && again.rest == decoded.rest,
          "a body in other chunks means something else", text);
}

}  // namespace

// The first byte is the seed of the cuts; its bits choose the request of the response.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint32_t seed = data[0];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  holdRequests(text, seed);
  holdAnswer(text, seed, (seed & 1U) != 0, (seed & 2U) != 0);
  holdChunks(text, seed);
  return 0;
}
