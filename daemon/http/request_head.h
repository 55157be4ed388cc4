#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http1/body_framing.h"
#include "http1/line_reader.h"

namespace postern::http {

// The part of a request before its body.
struct RequestHead {
  Request request;
  int minor_version = 1;  // of HTTP/1; above 1 counts as 1
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked_body = false;
  std::uint64_t content_length = 0;  // bytes; saturates
};

// Why a head is refused. The connection is then closed, because the beginning of the next request
// is unknown.
struct Refusal {
  int status = 400;
  std::string what;  // one line without a full stop; never quotes the request
};

enum class HeadProgress { Incomplete, Complete, Refused };

// Reads one request head (RFC 9112 sections 2 to 6), strictly. It refuses everything that two
// readers could interpret differently: bare CR or LF, folded lines, space before a colon, several
// or odd lengths, Transfer-Encoding beside Content-Length. Pure; not thread-safe.
class RequestHeadParser {
 public:
  static constexpr std::size_t kMaxBytes = 16U << 10;  // of the whole head; more is 431
  static constexpr std::size_t kMaxHeaders = 100;      // more is 431

  // Consumes the head's bytes from the front of `bytes`, which may be split anywhere. A result
  // other than Incomplete stays until reset().
  HeadProgress parse(std::string_view& bytes);
  // Whether a byte of the head has arrived since reset().
  bool started() const { return started_; }

  // Requires Complete. Valid until reset().
  const RequestHead& head() const { return head_; }
  // For the reader of the body. Requires Complete; valid until reset().
  std::string& body() { return head_.request.body; }
  // Requires Refused.
  const Refusal& refusal() const { return refusal_; }

  // The next parse() begins a new head.
  void reset();

 private:
  HeadProgress refuse(int status, std::string_view what);
  HeadProgress takeLine(std::string_view line);
  HeadProgress takeRequestLine(std::string_view line);
  HeadProgress takeTarget(std::string_view target);
  HeadProgress takeHeader(std::string_view line);
  HeadProgress takeFraming(std::string_view name, std::string_view value);
  HeadProgress conclude();

  RequestHead head_;
  Refusal refusal_;
  HeadProgress progress_ = HeadProgress::Incomplete;
  http1::LineReader lines_;
  http1::BodyFraming framing_{http1::RepeatedLength::Refused};
  std::size_t size_ = 0;  // bytes of the complete lines
  bool started_ = false;
  bool has_request_line_ = false;
  bool has_host_ = false;
};

}  // namespace postern::http
