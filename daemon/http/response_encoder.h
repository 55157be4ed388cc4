#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/gzip_encoder.h"
#include "http/message.h"
#include "http/request_head.h"
#include "http/wire.h"

namespace postern::http {

// The bytes of the answer to one request: a known body with its length, a streamed one in chunks
// (RFC 9112 section 7.1), compressed by gzip when the client takes it. HTTP/1.0 knows no chunks:
// there the end of the connection ends a streamed body. What is answered to HEAD has no body. Does
// no input or output. Pieces borrow from the encoder and from what it was given, until its next
// call. Not thread-safe.
class ResponseEncoder {
 public:
  static constexpr std::size_t kLeastPacked = 256;  // bytes; a shorter body is sent plain

  // `secure`: the connection speaks TLS. Both references must outlive it.
  ResponseEncoder(const RequestHead& request, GzipEncoders& encoders, bool secure);
  ~ResponseEncoder();
  ResponseEncoder(const ResponseEncoder&) = delete;
  ResponseEncoder& operator=(const ResponseEncoder&) = delete;

  // Whether whole() compresses the body.
  bool packs(const ResponseHead& head, std::string_view body) const;
  // An answer whose body is known. `close`: the connection ends after it, whatever the client
  // wants.
  Pieces whole(const ResponseHead& head, std::string_view body, bool close);
  // A streamed body follows: block() as often as needed, then end(). The head goes with the first
  // pieces that are not empty. Requires mayHaveBody(head.status).
  void begin(const ResponseHead& head, bool close);
  // Empty when the packer keeps the block, and when there is nothing to send.
  Pieces block(std::string_view block);
  Pieces end();

  bool isHead() const { return request_.request.method == "HEAD"; }
  // Of what was begun: whether its end shows in chunks, and not by the end of the connection alone.
  bool chunked() const { return chunked_; }
  // Whether the connection may take another request after the answer.
  bool keepsAlive() const { return !last_answer_; }

 private:
  void startHead(const ResponseHead& head, bool close);
  bool guessable(const ResponseHead& head) const;
  Pieces chunk(std::string_view block, std::string_view end);

  const RequestHead& request_;
  GzipEncoders& encoders_;
  const bool secure_;
  bool last_answer_ = true;
  bool chunked_ = true;
  std::string head_;  // until the first pieces
  std::string sent_head_;
  std::array<char, 20> size_line_{};
  std::unique_ptr<GzipEncoder> encoder_;
  std::string packed_;  // waits until it is worth a chunk
  bool flushed_ = false;
};

}  // namespace postern::http
