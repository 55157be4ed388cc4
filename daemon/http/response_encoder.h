#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/gzip_encoder.h"
#include "http/message.h"
#include "http/request_head.h"
#include "http/transport.h"

namespace postern::http {

// Encodes the answer to one request: a known body with its length, a streamed one in chunks (RFC
// 9112 section 7.1), with gzip if the client accepts it. HTTP/1.0 has no chunks: there the end of
// the connection ends a streamed body. The answer to HEAD has no body. Does no input or output.
// Pieces borrow from the encoder and its arguments until the next call. Not thread-safe.
class ResponseEncoder {
 public:
  static constexpr std::size_t kLeastPacked = 256;  // bytes; a shorter body is not compressed

  // `secure`: the connection uses TLS. Both references must outlive the encoder.
  ResponseEncoder(const RequestHead& request, GzipEncoders& encoders, bool secure);
  ~ResponseEncoder();
  ResponseEncoder(const ResponseEncoder&) = delete;
  ResponseEncoder& operator=(const ResponseEncoder&) = delete;

  // Whether whole() compresses the body.
  bool packs(const ResponseHead& head, std::string_view body) const;
  // An answer with a known body. `close`: the connection ends afterwards, whatever the client
  // wants.
  BufferSequence whole(const ResponseHead& head, std::string_view body, bool close);
  // A streamed body follows: any number of block(), then end(). The head is part of the first
  // non-empty pieces. Requires mayHaveBody(head.status).
  void begin(const ResponseHead& head, bool close);
  // Empty when the compressor keeps the block, and when there is nothing to send.
  BufferSequence block(std::string_view block);
  BufferSequence end();

  bool isHead() const { return request_.request.method == "HEAD"; }
  // For a streamed answer: whether chunks mark its end. Otherwise only the end of the connection
  // does.
  bool chunked() const { return chunked_; }
  // Whether the connection can continue after the answer.
  bool keepsAlive() const { return !last_answer_; }

 private:
  void startHead(const ResponseHead& head, bool close);
  bool guessable(const ResponseHead& head) const;
  BufferSequence chunk(std::string_view block, std::string_view end);

  const RequestHead& request_;
  GzipEncoders& encoders_;
  const bool secure_;
  bool last_answer_ = true;
  bool chunked_ = true;
  std::string head_;  // until the first pieces
  std::string sent_head_;
  std::array<char, 20> size_line_{};
  std::unique_ptr<GzipEncoder> encoder_;
  std::string packed_;  // waits until it is large enough for a chunk
  bool flushed_ = false;
};

}  // namespace postern::http
